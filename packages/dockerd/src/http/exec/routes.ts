/** Further processes in running containers. */
import {aborted} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import {copyInput} from '../../core/containers/attach.ts';
import type {Container} from '../../core/containers/container.ts';
import {DetachKeys} from '../../core/containers/detach-keys.ts';
import {publishContainerEvent, type World} from '../../core/containers/world.ts';
import {createExec, requireCommand} from '../../core/exec/create.ts';
import type {Exec} from '../../core/exec/exec.ts';
import {startExec} from '../../core/exec/start.ts';
import {bool, list, type Shape, struct, text, textOrList, uint} from '../../core/shape/shape.ts';
import {parseSize} from '../containers/terminal-size.ts';
import {type HijackedClient, hijackStreams} from '../hijack.ts';
import {readJson, readOptionalJson} from '../json-body.ts';
import type {ApiReply, ApiRequest, Route} from '../route.ts';
import {execToJson} from './convert.ts';

const consoleSize: Shape<[number, number] | null> = {
  ...list(uint),
  encode: value => value,
  zero: () => null,
  isEmpty: value => value === null,
  decode: (value, path) => {
    const [height, width] = list(uint).decode(value, path) ?? [];
    return height === undefined || width === undefined ? null : [height, width];
  },
};

const createBody = struct({
  User: text,
  Privileged: bool,
  Tty: bool,
  ConsoleSize: consoleSize,
  AttachStdin: bool,
  AttachStderr: bool,
  AttachStdout: bool,
  Detach: bool,
  DetachKeys: text,
  Env: list(text),
  WorkingDir: text,
  Cmd: textOrList,
});

const startBody = struct({Detach: bool, Tty: bool, ConsoleSize: consoleSize});

export function execRoutes(world: World): Route[] {
  const bind =
    (handle: Handler): Route['handle'] =>
    (request, reply) =>
      handle(world, request, reply);
  return [
    {method: 'POST', path: '/containers/{name}/exec', job: 'exec_create', handle: bind(create)},
    {method: 'POST', path: '/exec/{name}/start', job: 'exec_start', waits: true, handle: bind(start)},
    {method: 'POST', path: '/exec/{name}/resize', job: 'exec_resize', handle: bind(resize)},
    {method: 'GET', path: '/exec/{id}/json', job: 'exec_inspect', handle: bind(inspect)},
  ];
}

type Handler = (world: World, request: ApiRequest, reply: ApiReply) => Promise<void> | void;

async function create(world: World, request: ApiRequest, reply: ApiReply): Promise<void> {
  const body = await readJson(request, createBody);
  requireCommand(body.Cmd ?? []);
  if (body.DetachKeys !== '') new DetachKeys(body.DetachKeys);
  const container = world.registry.find(request.param('name'));
  const exec = await createExec(world, request.ctx, container, {
    user: body.User,
    privileged: body.Privileged,
    tty: body.Tty,
    attachStdin: body.AttachStdin,
    attachStdout: body.AttachStdout,
    attachStderr: body.AttachStderr,
    detachKeys: body.DetachKeys,
    env: body.Env ?? [],
    workingDir: body.WorkingDir,
    command: body.Cmd ?? [],
    consoleSize: body.ConsoleSize ?? undefined,
  });
  reply.json(201, {Id: exec.id});
}

async function start(world: World, request: ApiRequest, reply: ApiReply): Promise<void> {
  const body = (await readOptionalJson(request, startBody)) ?? startBody.zero();
  const {container, exec} = find(world, request.param('name'));
  if (body.ConsoleSize && !exec.config.tty && !body.Tty) body.ConsoleSize = null;
  if (body.ConsoleSize && exec.config.tty) setConsoleSize(exec, body.ConsoleSize);
  if (body.Detach) {
    await startExec(world, request.ctx, container, exec, undefined);
    reply.empty(200);
    return;
  }
  // The form of the stream is what this request asks for, whatever the process has: docker-py counts on frames here.
  const client = hijackStreams(request, reply, body.Tty);
  try {
    await runAttached(world, request, container, exec, client);
  } catch (error) {
    // The head is out: what went wrong can only be told in the stream.
    client.write('stdout', Buffer.from(`${messageOf(error)}\r\n`));
  } finally {
    await client.connection.close();
  }
}

function setConsoleSize(exec: Exec, [height, width]: [number, number]): void {
  exec.process.consoleSize = {height, width};
}

async function runAttached(
  world: World,
  {ctx}: ApiRequest,
  container: Container,
  exec: Exec,
  client: HijackedClient,
): Promise<void> {
  const maximumPending = 8 * 1024 * 1024;
  await startExec(world, ctx, container, exec, {
    deliver: (stream, data) => client.write(stream, data),
    keepsNothing: () => client.pending === 0,
    congestion: () => (client.pending > maximumPending ? client.drained() : undefined),
  });
  const left = Promise.withResolvers<void>();
  // The client may have gone while the exec was started.
  for (const signal of [client.closed, ctx.signal]) void aborted(signal).then(left.resolve);
  if (exec.stdin) {
    void passInput(world, container, exec, client).then(
      detached => detached && left.resolve(),
      () => {
        // The process no longer reads: its exit ends the session.
      },
    );
  }
  await Promise.race([exec.finished.promise, left.promise]);
}

/** True when the client detached; the process then goes on. */
async function passInput(world: World, container: Container, exec: Exec, client: HijackedClient): Promise<boolean> {
  if (!exec.stdin) return false;
  const keys = exec.config.tty ? new DetachKeys(exec.config.detachKeys) : undefined;
  if (await copyInput(client, exec.stdin, keys)) {
    publishContainerEvent(world, container, 'exec_detach', {execID: exec.id});
    return true;
  }
  await exec.stdin.end();
  if (exec.running) await world.runtime.closeStdin(world.background, container.id, exec.id);
  return false;
}

async function resize(world: World, {ctx, param, query}: ApiRequest, reply: ApiReply): Promise<void> {
  const {container, exec} = find(world, param('name'));
  const size = parseSize(query);
  // Clients resize right behind the start: it may still be under way.
  if (exec.state.status === 'starting') await exec.started.promise;
  if (!exec.running) throw new EngineError('conflict', `exec process is not running`);
  await world.runtime.resize(ctx, container.id, size, exec.id);
  reply.empty(200);
}

function inspect(world: World, {param}: ApiRequest, reply: ApiReply): void {
  reply.json(200, execToJson(find(world, param('id')).exec));
}

function find(world: World, id: string): {container: Container; exec: Exec} {
  for (const container of world.registry.all) {
    const exec = container.execs.get(id);
    if (exec) return {container, exec};
  }
  throw new EngineError('not-found', `No such exec instance: ${id}`);
}
