/**
 * A shim for sandboxes without containers: everything is in its memory. `start` leaves the server behind, as any shim
 * does; `delete` answers like one that found nothing.
 */
import {spawn} from 'node:child_process';
import {readFileSync, rmSync} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {SandboxDefinition} from '@longshore/api/gen/containerd/runtime/sandbox/v1/sandbox';
import {DeleteResponse, TaskDefinition} from '@longshore/api/gen/containerd/runtime/task/v3/shim';
import {Status} from '@longshore/api/gen/containerd/types/task/task';
import {deferred} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {TtrpcServer} from '@longshore/ttrpc';

const action = process.argv.at(-1);
if (action === 'start') await start();
else if (action === 'delete')
  process.stdout.write(DeleteResponse.encode(DeleteResponse.fromPartial({exitStatus: 137})).finish());
else await serve(action as string);

async function start(): Promise<void> {
  const socket = join(process.cwd(), 's'); // in the bundle, and gone with it
  const child = spawn(process.execPath, [...process.execArgv, import.meta.filename, socket], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  await new Promise(resolve => child.stdout.once('data', resolve));
  process.stdout.write(JSON.stringify({version: 3, address: `unix://${socket}`, protocol: 'ttrpc'}), () =>
    process.exit(0),
  );
}

async function serve(socket: string): Promise<void> {
  const server = new TtrpcServer();
  const at = {seconds: 7n, nanos: 0};
  const ended = deferred<number>();
  let state = '';
  let created: {bundlePath: string; netnsPath: string; annotations: Record<string, string>} | undefined;
  const known = () => {
    if (state === '') throw new EngineError('not-found', 'no sandbox: not found');
  };
  const leave = () => {
    rmSync(socket, {force: true});
    setTimeout(() => process.exit(0), 20);
  };
  server.register(SandboxDefinition, {
    async createSandbox(_ctx, request) {
      if (request.annotations.refuse) throw new EngineError('invalid-argument', 'refused');
      created = request;
      state = 'SANDBOX_CREATED';
      return {};
    },
    async startSandbox() {
      if (created?.annotations.broken) throw new EngineError('failed-precondition', 'broken');
      state = 'SANDBOX_READY';
      return {pid: process.pid, createdAt: at};
    },
    async platform() {
      return {platform: {os: 'linux', architecture: 'amd64', variant: 'v2'}};
    },
    async stopSandbox(_ctx, {timeoutSecs}) {
      known();
      state = 'SANDBOX_NOTREADY';
      ended.resolve(timeoutSecs);
      return {};
    },
    async waitSandbox() {
      return {exitStatus: await ended.promise, exitedAt: at};
    },
    async sandboxStatus(_ctx, {verbose}) {
      known();
      const spec = readFileSync(join(created?.bundlePath ?? '', 'config.json'), 'utf8');
      const info = verbose ? {spec, netns: created?.netnsPath ?? '', ...created?.annotations} : {};
      return {pid: process.pid, state, info, createdAt: at};
    },
    async sandboxMetrics(_ctx, {sandboxId}) {
      return {metrics: {id: sandboxId, timestamp: at, data: {typeUrl: 'm', value: Buffer.from('x')}}};
    },
    async shutdownSandbox() {
      leave();
      return {};
    },
  });
  const tasks = new Map<string, string>();
  const find = (id: string) => {
    const bundle = tasks.get(id);
    if (bundle === undefined) throw new EngineError('not-found', `task ${id} not found`);
    return bundle;
  };
  server.register(TaskDefinition, {
    async create(_ctx, {id, bundle}) {
      tasks.set(id, bundle);
      return {pid: 77};
    },
    async start(_ctx, {id}) {
      find(id);
      return {pid: 77};
    },
    async state(_ctx, {id}) {
      return {id, bundle: find(id), pid: 77, status: Status.RUNNING};
    },
    async delete(_ctx, {id}) {
      find(id);
      tasks.delete(id);
      return {pid: 77, exitStatus: 4, exitedAt: at};
    },
    async connect() {
      return {shimPid: process.pid, taskPid: 77, version: 'test'};
    },
    async shutdown() {
      leave();
      return {};
    },
  });
  const listener = createServer();
  server.attach(listener);
  listener.listen(socket, () => process.stdout.write('ready\n'));
}
