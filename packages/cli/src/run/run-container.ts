/** `docker run`: create, attach, wait, start, in that order, so that nothing of a short life is missed. */
import type {ContainerCreateRequest} from '@longshore/api/engine';
import type {Cli} from '../cli.ts';
import type {Hijacked} from '../client/engine-client.ts';
import {CliError} from '../command/errors.ts';
import {attachSession} from '../streams/attach-session.ts';
import {forwardSignals} from '../streams/signals.ts';
import {checkTerminalInput} from '../streams/terminal.ts';
import {checkPullOption, createContainer, planContainer} from './create-container.ts';
import {attachedStreams} from './create-request.ts';
import {runFailure, startFailure} from './failure.ts';
import type {ContainerOptions} from './flags.ts';
import {waitForExit} from './wait-for-exit.ts';

export interface RunInput extends ContainerOptions {
  /** The command as it was called, for messages. */
  name: string;
  image: string;
  command: string[];
  isDetached: boolean;
  detachKeys: string;
  proxiesSignals: boolean;
  pull: string;
}

/** Resolves with the exit code of the container, or 0 when it goes on without us. */
export async function runContainer(cli: Cli, input: RunInput): Promise<number> {
  const {flags, isDetached, name} = input;
  if (isDetached && flags.attach.length > 0) {
    throw new CliError('conflicting options: cannot specify both --attach and --detach');
  }
  const wantsInput = attachedStreams(flags.attach, flags.interactive, isDetached).includes('stdin');
  if (flags.tty && wantsInput) checkTerminalInput(cli.stdin, wantsInput, flags.tty);
  const request = await plan(cli, input);
  const id = await create(cli, request, input);
  return isDetached ? startDetached(cli, name, id) : startAttached(cli, input, id, request);
}

async function plan(cli: Cli, input: RunInput): Promise<ContainerCreateRequest> {
  try {
    return await planContainer(cli, {...input, pull: checkPullOption(input.pull)});
  } catch (error) {
    throw runFailure(input.name, error);
  }
}

async function create(cli: Cli, request: ContainerCreateRequest, input: RunInput): Promise<string> {
  try {
    return await createContainer(cli, request, {...input, pull: checkPullOption(input.pull)});
  } catch (error) {
    throw startFailure(input.name, error);
  }
}

async function startDetached(cli: Cli, name: string, id: string): Promise<number> {
  try {
    await cli.client.post(`/containers/${id}/start`);
  } catch (error) {
    throw startFailure(name, error);
  }
  cli.print(id);
  return 0;
}

async function startAttached(cli: Cli, input: RunInput, id: string, request: ContainerCreateRequest): Promise<number> {
  const {client} = cli;
  const {name, flags} = input;
  // Without its output, all there is to see of it is its id.
  const showsOutput = Boolean(request.AttachStdout || request.AttachStderr);
  if (!showsOutput) cli.print(id);
  using _signals = input.proxiesSignals
    ? forwardSignals(signal => client.post(`/containers/${id}/kill`, {query: {signal}}))
    : undefined;
  const stream = await attach(cli, input, id, request);
  const exited = await waitForExit(cli, id, flags.rm);
  try {
    await client.post(`/containers/${id}/start`);
  } catch (error) {
    stream?.socket.destroy();
    if (flags.rm) await exited.code().catch(() => {}); // the start's own error is the one to tell
    throw startFailure(name, error);
  }
  if (stream) {
    const result = await attachSession(cli, {
      stream,
      wantsInput: request.AttachStdin ?? false,
      hasTerminal: flags.tty,
      detachKeys: input.detachKeys,
      resize: ({rows, columns}) => client.post(`/containers/${id}/resize`, {query: {h: rows, w: columns}}),
    });
    if (result === 'detached') return 0;
  }
  if (!showsOutput) return 0;
  return await exited.code();
}

async function attach(
  cli: Cli,
  input: RunInput,
  id: string,
  request: ContainerCreateRequest,
): Promise<Hijacked | undefined> {
  const {AttachStdin: stdin, AttachStdout: stdout, AttachStderr: stderr} = request;
  if (!stdin && !stdout && !stderr) return undefined;
  const detachKeys = input.detachKeys || cli.config.detachKeys || undefined;
  return cli.client.hijack(`/containers/${id}/attach`, {
    query: {stream: true, stdin: stdin ?? false, stdout: stdout ?? false, stderr: stderr ?? false, detachKeys},
  });
}
