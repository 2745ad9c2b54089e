import {chmodSync, existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {status} from '@grpc/grpc-js';
import {SandboxExit} from '@longshore/api/gen/containerd/events/sandbox';
import {ContainersDefinition} from '@longshore/api/gen/containerd/services/containers/v1/containers';
import {EventsDefinition} from '@longshore/api/gen/containerd/services/events/v1/events';
import {ControllerDefinition, StoreDefinition} from '@longshore/api/gen/containerd/services/sandbox/v1/sandbox';
import {TasksDefinition} from '@longshore/api/gen/containerd/services/tasks/v1/tasks';
import type {Envelope} from '@longshore/api/gen/containerd/types/event';
import {Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {Status} from '@longshore/api/gen/containerd/types/task/task';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import test, {type ExecutionContext} from 'ava';
import {startTestDaemon, type TestDaemon} from '../../test-support/daemon.ts';
import {tempDir} from '../../test-support/store.ts';

function shimBinary(directory: string): string {
  const path = join(directory, 'containerd-shim-fake-v2');
  const script = join(import.meta.dirname, '../../test-support/sandbox-shim.ts');
  writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' --disable-warning=ExperimentalWarning '${script}' "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

type Fixture = {daemon: TestDaemon; directory: string; sandbox: object; bundles: string};

async function fixture(t: ExecutionContext): Promise<Fixture> {
  const directory = tempDir(t);
  const sandbox = {runtime: {name: shimBinary(directory)}, spec: {typeUrl: 's', value: Buffer.from('{"a":1}')}};
  const daemon = await startTestDaemon(t, directory);
  return {daemon, directory, sandbox, bundles: join(directory, 'state/io.containerd.runtime.v2.task/test')};
}

const controller = ControllerDefinition;

/** Ends the shim whatever the test found out. */
function endAfter(t: ExecutionContext, {daemon}: Fixture, sandboxId: string): void {
  t.teardown(() => daemon.client.call(controller, 'shutdown', {sandboxId}).catch(() => {}));
}

async function create(t: ExecutionContext, parts: Fixture, sandboxId = 's1', more: object = {}): Promise<void> {
  endAfter(t, parts, sandboxId);
  const {client} = parts.daemon;
  await client.call(StoreDefinition, 'create', {sandbox: {...parts.sandbox, sandboxId, sandboxer: 'shim'}});
  await client.call(controller, 'create', {sandboxId, sandboxer: 'shim', netnsPath: '/n', ...more});
}

test('a sandbox lives from create to shutdown', async t => {
  const parts = await fixture(t);
  const {daemon, bundles} = parts;
  const {client} = daemon;
  const heard: Envelope[] = [];
  const subscription = client.stream(EventsDefinition, 'subscribe', {filters: ['topic~=^/sandboxes/']});
  subscription.on('data', event => heard.push(event));
  subscription.on('error', () => {});
  await new Promise(resolve => subscription.once('metadata', resolve));
  await create(t, parts, 's1', {annotations: {k: 'v'}});
  t.is(readFileSync(join(bundles, 's1/sandbox'), 'utf8'), 's1');
  const started = await client.call(controller, 'start', {sandboxId: 's1', sandboxer: 'shim'});
  t.true(started.pid > 1);
  t.like(started, {sandboxId: 's1', version: 3, createdAt: {seconds: 7n}});
  t.regex(started.address, /^unix:\/\//);
  const {platform} = await client.call(controller, 'platform', {sandboxId: 's1', sandboxer: 'shim'});
  t.like(platform, {os: 'linux', architecture: 'amd64', variant: 'v2'});
  const running = await client.call(controller, 'status', {sandboxId: 's1', sandboxer: 'shim', verbose: true});
  t.like(running, {state: 'SANDBOX_READY', address: started.address, info: {spec: '{"a":1}', netns: '/n', k: 'v'}});
  const {metrics} = await client.call(controller, 'metrics', {sandboxId: 's1', sandboxer: 'shim'});
  t.like(metrics, {id: 's1', data: {typeUrl: 'm'}});
  const waiting = client.call(controller, 'wait', {sandboxId: 's1'});
  await client.call(controller, 'stop', {sandboxId: 's1', timeoutSecs: 9});
  t.like(await waiting, {exitStatus: 9, exitedAt: {seconds: 7n}});
  t.is((await client.call(controller, 'status', {sandboxId: 's1'})).state, 'SANDBOX_NOTREADY');
  await client.call(controller, 'shutdown', {sandboxId: 's1'});
  t.false(existsSync(join(bundles, 's1')));
  t.is((await client.call(controller, 'status', {sandboxId: 's1'})).state, '');
  await client.call(controller, 'shutdown', {sandboxId: 's1'});
  await client.call(StoreDefinition, 'delete', {sandboxId: 's1'});
  t.deepEqual(
    heard.map(({topic}) => topic),
    ['/sandboxes/create', '/sandboxes/start', '/sandboxes/exit'],
  );
  t.is(SandboxExit.decode(heard[2]?.event?.value as Uint8Array).exitStatus, 9);
  subscription.cancel();
});

test('what cannot be is refused', async t => {
  const parts = await fixture(t);
  const {client} = parts.daemon;
  const refused = async (call: Promise<unknown>, code: number, details: RegExp) => {
    const error = await t.throwsAsync<Error & {code: number; details: string}>(call);
    t.is(error.code, code);
    t.regex(error.details, details);
  };
  await refused(client.call(controller, 'start', {sandboxId: 'no'}), status.NOT_FOUND, /sandbox "no": not found/);
  await refused(client.call(controller, 'status', {sandboxId: 'no'}), status.NOT_FOUND, /not found/);
  await refused(client.call(controller, 'create', {sandboxId: 'no'}), status.NOT_FOUND, /not found/);
  await refused(client.call(controller, 'create', {sandboxId: '../x'}), status.INVALID_ARGUMENT, /must match/);
  const foreign = client.call(controller, 'start', {sandboxId: 'no', sandboxer: 'podsandbox'});
  await refused(foreign, status.NOT_FOUND, /failed to get sandbox controller by "podsandbox"/);
  await create(t, parts);
  const again = client.call(controller, 'create', {sandboxId: 's1'});
  await refused(again, status.ALREADY_EXISTS, /sandbox "s1" is running/);
});

test('a sandbox that its shim refuses or cannot start leaves nothing', async t => {
  const parts = await fixture(t);
  const {client} = parts.daemon;
  const refused = await t.throwsAsync(create(t, parts, 's2', {annotations: {refuse: '1'}}));
  t.like(refused, {code: status.INVALID_ARGUMENT, details: 'failed to create sandbox s2: refused'});
  t.false(existsSync(join(parts.bundles, 's2')));
  await create(t, parts, 's3', {annotations: {broken: '1'}});
  const broken = await t.throwsAsync(client.call(controller, 'start', {sandboxId: 's3'}));
  t.like(broken, {code: status.FAILED_PRECONDITION, details: 'failed to start sandbox s3: broken'});
  t.false(existsSync(join(parts.bundles, 's3')));
});

test('a sandbox whose shim is killed has ended', async t => {
  const parts = await fixture(t);
  const {client} = parts.daemon;
  await create(t, parts);
  const {pid} = await client.call(controller, 'start', {sandboxId: 's1'});
  const waiting = client.call(controller, 'wait', {sandboxId: 's1'});
  process.kill(pid, 'SIGKILL');
  t.is((await waiting).exitStatus, 255);
  // The action that cleans up is repeated where a busy machine does not end it in time.
  const bundle = join(parts.bundles, 's1');
  for (let i = 0; existsSync(bundle) && i < 500; i++) await new Promise(resolve => setTimeout(resolve, 100));
  t.false(existsSync(bundle));
  await client.call(controller, 'create', {sandboxId: 's1'});
});

async function makeTask(parts: Fixture, id: string, container: object, task: object = {}): Promise<void> {
  const {client} = parts.daemon;
  const spec = {typeUrl: 's', value: Buffer.from('{}')};
  await client.call(ContainersDefinition, 'create', {container: {id, spec, ...container}});
  await client.call(TasksDefinition, 'create', {containerId: id, ...task});
}

test('tasks of a sandbox are made in its shim, by the name of the sandbox or by address', async t => {
  const parts = await fixture(t);
  const {daemon, bundles, sandbox} = parts;
  const {client} = daemon;
  const {runtime} = sandbox as {runtime: object};
  await create(t, parts);
  const {pid, address} = await client.call(controller, 'start', {sandboxId: 's1'});
  await makeTask(parts, 'one', {runtime, sandbox: 's1'});
  await makeTask(parts, 'two', {runtime}, {taskApiAddress: `ttrpc+${address}`, taskApiVersion: 3});
  t.is(readFileSync(join(bundles, 'one/sandbox'), 'utf8'), 's1');
  t.is((await client.call(TasksDefinition, 'start', {containerId: 'one'})).pid, 77);
  t.is((await client.call(TasksDefinition, 'get', {containerId: 'two'})).process?.status, Status.RUNNING);
  t.is((await client.call(TasksDefinition, 'delete', {containerId: 'two'})).exitStatus, 4);
  t.is((await client.call(TasksDefinition, 'delete', {containerId: 'one'})).exitStatus, 4);
  t.is((await client.call(controller, 'status', {sandboxId: 's1'})).pid, pid);
  const inOptions = Options.encode(
    Options.fromPartial({taskApiAddress: `ttrpc+${address}`, taskApiVersion: 3}),
  ).finish();
  const options = {typeUrl: protobufTypeUrl.runcOptions, value: Buffer.from(inOptions)};
  await makeTask(parts, 'five', {runtime}, {options});
  t.is(readFileSync(join(bundles, 'five/bootstrap.json'), 'utf8').includes(address.slice('unix://'.length)), true);
  await client.call(TasksDefinition, 'delete', {containerId: 'five'});
  const vsock = makeTask(parts, 'three', {runtime}, {taskApiAddress: 'ttrpc+vsock://3:1024'});
  t.is((await t.throwsAsync<Error & {code: number}>(vsock)).code, status.UNIMPLEMENTED);
  const nowhere = makeTask(parts, 'four', {runtime, sandbox: 'nosuch'});
  t.like(await t.throwsAsync(nowhere), {code: status.NOT_FOUND, details: "can't find sandbox nosuch: not found"});
});

test('sandboxes and their tasks outlive the daemon', async t => {
  const parts = await fixture(t);
  const {runtime} = parts.sandbox as {runtime: object};
  await create(t, parts);
  const {pid} = await parts.daemon.client.call(controller, 'start', {sandboxId: 's1'});
  await makeTask(parts, 'one', {runtime, sandbox: 's1'});
  await parts.daemon.stop();
  const daemon = await startTestDaemon(t, parts.directory);
  t.teardown(() => daemon.client.call(controller, 'shutdown', {sandboxId: 's1'}).catch(() => {}));
  t.is((await daemon.client.call(controller, 'status', {sandboxId: 's1'})).pid, pid);
  t.is((await daemon.client.call(TasksDefinition, 'get', {containerId: 'one'})).process?.status, Status.RUNNING);
  t.is((await daemon.client.call(TasksDefinition, 'delete', {containerId: 'one'})).exitStatus, 4);
  process.kill(pid, 'SIGKILL');
  t.is((await daemon.client.call(controller, 'wait', {sandboxId: 's1'})).exitStatus, 255);
});
