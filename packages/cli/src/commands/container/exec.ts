import type {ContainerInspect, ExecCreateRequest, ExecInspect, IdResponse} from '@longshore/api/engine';
import type {Cli} from '../../cli.ts';
import {detachKeys} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag, since} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';
import {checkEnv} from '../../run/flag-values.ts';
import {readKeyValueFile} from '../../run/key-value-files.ts';
import {attachSession} from '../../streams/attach-session.ts';
import {checkTerminalInput, terminalSize} from '../../streams/terminal.ts';

const flags = {
  detach: flag.bool('Detached mode: run command in the background', {char: 'd'}),
  'detach-keys': detachKeys,
  env: since('1.25', flag.list('Set environment variables', {char: 'e', check: checkEnv})),
  'env-file': since('1.25', flag.list('Read in a file of environment variables')),
  interactive: flag.bool('Keep STDIN open even if not attached', {char: 'i'}),
  privileged: flag.bool('Give extended privileges to the command'),
  tty: flag.bool('Allocate a pseudo-TTY', {char: 't'}),
  user: flag.string('Username or UID (format: "<name|uid>[:<group|gid>]")', {char: 'u'}),
  workdir: since('1.35', flag.string('Working directory inside the container', {char: 'w'})),
} satisfies FlagSpecs;

export default class ContainerExec extends DockerCommand<typeof flags> {
  static override summary = 'Execute a command in a running container';
  static override flags = flags;
  static override tail = '[OPTIONS] CONTAINER COMMAND [ARG...]';
  static override positional = atLeast(2);
  static override interspersed = false;

  async execute(input: Input<typeof flags>) {
    const {cli, args, flags: values} = input;
    const [container] = args;
    const request = execRequest(input);
    // The engine's answer to the creation would not say whether the container or the command is the trouble.
    await cli.client.get<ContainerInspect>(`/containers/${container}/json`);
    if (!values.detach) checkTerminalInput(cli.stdin, values.interactive, values.tty);
    const {Id: id} = await cli.client.post<IdResponse>(`/containers/${container}/exec`, {json: request});
    const consoleSize = request.ConsoleSize ? {ConsoleSize: request.ConsoleSize} : {};
    const start = {Detach: values.detach, Tty: values.tty, ...consoleSize};
    if (values.detach) {
      await cli.client.post(`/exec/${id}/start`, {json: start});
      return 0;
    }
    return attach(cli, id, start, input);
  }
}

async function attach(cli: Cli, id: string, start: object, {flags: values}: Input<typeof flags>): Promise<number> {
  const stream = await cli.client.hijack(`/exec/${id}/start`, {json: start});
  const result = await attachSession(cli, {
    stream,
    wantsInput: values.interactive,
    hasTerminal: values.tty,
    detachKeys: values['detach-keys'],
    resize: ({rows, columns}) => cli.client.post(`/exec/${id}/resize`, {query: {h: rows, w: columns}}),
  });
  if (result === 'detached') throw new CliError('read escape sequence');
  const {ExitCode} = await cli.client.get<ExecInspect>(`/exec/${id}/json`);
  return ExitCode ?? 0;
}

function execRequest({cli, args, flags: values}: Input<typeof flags>): ExecCreateRequest {
  const {detach, interactive, tty} = values;
  const size = tty ? terminalSize(cli.stdout) : undefined;
  const fromFiles = values['env-file'].flatMap(path => readKeyValueFile(path, 'env', key => process.env[key]));
  const env = [...fromFiles, ...values.env];
  return {
    User: values.user,
    Privileged: values.privileged,
    Tty: tty,
    ...(tty && {ConsoleSize: size ? [size.rows, size.columns] : [0, 0]}),
    AttachStdin: interactive && !detach,
    AttachStderr: !detach,
    AttachStdout: !detach,
    Detach: detach,
    DetachKeys: values['detach-keys'] || cli.config.detachKeys || '',
    Env: env.length > 0 ? env : null,
    WorkingDir: values.workdir,
    Cmd: args.slice(1),
  };
}
