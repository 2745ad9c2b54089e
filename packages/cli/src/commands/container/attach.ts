import type {ContainerInspect} from '@longshore/api/engine';
import {detachKeys} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {exactly} from '../../command/positional.ts';
import {waitForExit} from '../../run/wait-for-exit.ts';
import {attachSession} from '../../streams/attach-session.ts';
import {forwardSignals} from '../../streams/signals.ts';
import {checkTerminalInput} from '../../streams/terminal.ts';

const flags = {
  'detach-keys': detachKeys,
  'no-stdin': flag.bool('Do not attach STDIN'),
  'sig-proxy': flag.bool('Proxy all received signals to the process', {initial: true}),
} satisfies FlagSpecs;

export default class ContainerAttach extends DockerCommand<typeof flags> {
  static override summary = 'Attach local standard input, output, and error streams to a running container';
  static override flags = flags;
  static override tail = '[OPTIONS] CONTAINER';
  static override positional = exactly(1);

  async execute({cli, args: [name = ''], flags: values}: Input<typeof flags>) {
    const {client} = cli;
    const {Config: config, State: state} = await client.get<ContainerInspect>(`/containers/${name}/json`);
    if (!state.Running) throw new CliError('cannot attach to a stopped container, start it first');
    if (state.Paused) throw new CliError('cannot attach to a paused container, unpause it first');
    if (state.Restarting) throw new CliError('cannot attach to a restarting container, wait until it is running');
    const wantsInput = !values['no-stdin'] && config.OpenStdin;
    checkTerminalInput(cli.stdin, wantsInput, config.Tty);
    const exited = await waitForExit(cli, name, undefined);
    using _signals =
      values['sig-proxy'] && !config.Tty
        ? forwardSignals(signal => client.post(`/containers/${name}/kill`, {query: {signal}}))
        : undefined;
    const keys = values['detach-keys'] || cli.config.detachKeys || undefined;
    const stream = await client.hijack(`/containers/${name}/attach`, {
      query: {stream: true, stdin: wantsInput, stdout: true, stderr: true, detachKeys: keys},
    });
    const result = await attachSession(cli, {
      stream,
      wantsInput,
      hasTerminal: config.Tty,
      detachKeys: values['detach-keys'],
      redraws: true,
      resize: ({rows, columns}) => client.post(`/containers/${name}/resize`, {query: {h: rows, w: columns}}),
    });
    if (result === 'detached') throw new CliError('read escape sequence');
    return await exited.code();
  }
}
