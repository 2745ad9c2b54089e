import type {ContainerInspect} from '@longshore/api/engine';
import type {Cli} from '../../cli.ts';
import {detachKeys} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, type FlagValues, flag} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';
import {waitForExit} from '../../run/wait-for-exit.ts';
import {attachSession} from '../../streams/attach-session.ts';
import {forwardSignals} from '../../streams/signals.ts';

const flags = {
  attach: flag.bool('Attach STDOUT/STDERR and forward signals', {char: 'a'}),
  checkpoint: flag.string('Restore from this checkpoint'),
  'checkpoint-dir': flag.string('Use a custom checkpoint storage directory'),
  'detach-keys': detachKeys,
  interactive: flag.bool("Attach container's STDIN", {char: 'i'}),
} satisfies FlagSpecs;

export default class ContainerStart extends DockerCommand<typeof flags> {
  static override summary = 'Start one or more stopped containers';
  static override flags = flags;
  static override tail = '[OPTIONS] CONTAINER [CONTAINER...]';
  static override positional = atLeast(1);

  async execute({cli, args, flags: values}: Input<typeof flags>) {
    const {attach, checkpoint, interactive} = values;
    const query = {checkpoint: checkpoint || undefined, 'checkpoint-dir': values['checkpoint-dir'] || undefined};
    if (!attach && !interactive && !checkpoint) return startAll(cli, args);
    if (args.length > 1)
      throw new CliError(`you cannot start and ${checkpoint ? 'restore' : 'attach'} multiple containers at once`);
    if (attach || interactive) return startAttached(cli, args[0] ?? '', values);
    await cli.client.post(`/containers/${args[0]}/start`, {query});
    return 0;
  }
}

async function startAll(cli: Cli, names: readonly string[]): Promise<number> {
  const failed: string[] = [];
  for (const name of names) {
    try {
      await cli.client.post(`/containers/${name}/start`);
      cli.print(name);
    } catch (error) {
      cli.warn((error as Error).message);
      failed.push(name);
    }
  }
  if (failed.length > 0) throw new CliError(`Error: failed to start containers: ${failed.join(', ')}`);
  return 0;
}

async function startAttached(cli: Cli, name: string, values: FlagValues<typeof flags>): Promise<number> {
  const {client} = cli;
  const container = await client.get<ContainerInspect>(`/containers/${name}/json`);
  const {Id: id, Config: config, HostConfig: host} = container;
  const wantsInput = values.interactive && config.OpenStdin;
  const keys = values['detach-keys'] || cli.config.detachKeys || undefined;
  using _signals = config.Tty
    ? undefined
    : forwardSignals(signal => client.post(`/containers/${id}/kill`, {query: {signal}}));
  const stream = await client.hijack(`/containers/${id}/attach`, {
    query: {stream: true, stdin: wantsInput, stdout: true, stderr: true, detachKeys: keys},
  });
  const exited = await waitForExit(cli, id, host.AutoRemove);
  await client.post(`/containers/${id}/start`);
  const result = await attachSession(cli, {
    stream,
    wantsInput,
    hasTerminal: config.Tty,
    detachKeys: values['detach-keys'],
    resize: ({rows, columns}) => client.post(`/containers/${id}/resize`, {query: {h: rows, w: columns}}),
  });
  return result === 'detached' ? 0 : await exited.code();
}
