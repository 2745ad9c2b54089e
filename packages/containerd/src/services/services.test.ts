import {createHash, randomBytes} from 'node:crypto';
import {existsSync, statSync} from 'node:fs';
import {createConnection} from 'node:net';
import {join} from 'node:path';
import {type ServiceError, status} from '@grpc/grpc-js';
import {ContainersDefinition} from '@longshore/api/gen/containerd/services/containers/v1/containers';
import {
  ContentDefinition,
  WriteAction,
  type WriteContentResponse,
} from '@longshore/api/gen/containerd/services/content/v1/content';
import {EventsDefinition} from '@longshore/api/gen/containerd/services/events/v1/events';
import {ImagesDefinition} from '@longshore/api/gen/containerd/services/images/v1/images';
import {IntrospectionDefinition} from '@longshore/api/gen/containerd/services/introspection/v1/introspection';
import {LeasesDefinition} from '@longshore/api/gen/containerd/services/leases/v1/leases';
import {NamespacesDefinition} from '@longshore/api/gen/containerd/services/namespaces/v1/namespace';
import {StoreDefinition} from '@longshore/api/gen/containerd/services/sandbox/v1/sandbox';
import {SnapshotsDefinition} from '@longshore/api/gen/containerd/services/snapshots/v1/snapshots';
import {TasksDefinition} from '@longshore/api/gen/containerd/services/tasks/v1/tasks';
import {EventsDefinition as TtrpcEventsDefinition} from '@longshore/api/gen/containerd/services/ttrpc/events/v1/events';
import {VersionDefinition} from '@longshore/api/gen/containerd/services/version/v1/version';
import type {Envelope} from '@longshore/api/gen/containerd/types/event';
import {HealthDefinition} from '@longshore/api/gen/grpc/health/v1/health';
import {callContext} from '@longshore/base';
import {TtrpcClient} from '@longshore/ttrpc';
import test, {type ExecutionContext} from 'ava';
import {startTestDaemon, type TestClient, type TestDaemon} from '../test-support/daemon.ts';
import {tempDir} from '../test-support/store.ts';

const sha256 = (data: Uint8Array) => `sha256:${createHash('sha256').update(data).digest('hex')}`;
const failure = async (t: ExecutionContext, call: Promise<unknown>) => {
  const error = (await t.throwsAsync(call)) as ServiceError | undefined;
  return [error?.code, error?.details];
};

/** Writes a blob the way clients do: a stat, the data in pieces, the commit. */
async function writeBlob(
  client: TestClient,
  data: Uint8Array,
  options: {ref?: string; headers?: Record<string, string>; piece?: number; labels?: Record<string, string>} = {},
): Promise<WriteContentResponse> {
  const {ref = 'ref', headers = {'containerd-namespace': 'test'}, piece = 1 << 20, labels = {}} = options;
  const call = client.duplex(ContentDefinition, 'write', headers);
  const responses = call[Symbol.asyncIterator]() as AsyncIterator<WriteContentResponse>;
  const ask = async (request: object) => {
    call.write(request);
    return (await responses.next()).value as WriteContentResponse;
  };
  const {offset: resumed} = await ask({action: WriteAction.STAT, ref, total: data.length, expected: sha256(data)});
  for (let at = Number(resumed); at < data.length; at += piece) {
    await ask({action: WriteAction.WRITE, offset: at, data: Buffer.from(data.subarray(at, at + piece))});
  }
  const answer = await ask({
    action: WriteAction.COMMIT,
    offset: data.length,
    total: data.length,
    expected: sha256(data),
    labels,
  });
  call.end();
  return answer;
}

async function readBlob(client: TestClient, digest: string, range: object = {}): Promise<Buffer> {
  const messages = await Array.fromAsync(client.stream(ContentDefinition, 'read', {digest, ...range}));
  return Buffer.concat(messages.map(message => message.data));
}

async function createContainer({client}: TestDaemon, container: object = {}): Promise<void> {
  const spec = {typeUrl: 'types.containerd.io/opencontainers/runtime-spec/1/Spec', value: Buffer.from('{}')};
  const runtime = {name: 'io.containerd.nosuch.v2'};
  await client.call(ContainersDefinition, 'create', {container: {id: 'c', runtime, spec, ...container}});
}

test('what needs no namespace answers without one', async t => {
  const {client, root} = await startTestDaemon(t);
  const {version} = await client.call(VersionDefinition, 'version', {}, {});
  t.regex(version, /^2\.1\.9-longshore/);
  t.is((await client.call(HealthDefinition, 'check', {}, {})).status, 1);
  const server = await client.call(IntrospectionDefinition, 'server', {}, {});
  t.regex(server.uuid, /^[0-9a-f-]{36}$/);
  t.is(server.pid, BigInt(process.pid));
  const {plugins} = await client.call(IntrospectionDefinition, 'plugins', {filters: ['type~=snapshotter']}, {});
  t.deepEqual(
    plugins.map(({id, exports}) => [id, exports.root]),
    [
      ['btrfs', undefined],
      ['native', join(root, 'io.containerd.snapshotter.v1.native')],
    ],
  );
});

test('namespaced services insist on a valid namespace', async t => {
  const {client} = await startTestDaemon(t);
  const list = (headers: Record<string, string>) => client.call(ImagesDefinition, 'list', {}, headers);
  t.deepEqual(await failure(t, list({})), [status.FAILED_PRECONDITION, 'namespace is required: failed precondition']);
  const [code, details] = await failure(t, list({'containerd-namespace': 'a/b'}));
  t.is(code, status.INVALID_ARGUMENT);
  t.regex(String(details), /^namespace validation: identifier "a\/b" must match pattern/);
});

test('sockets have their modes, the identity stays over a restart', async t => {
  const directory = tempDir(t);
  const first = await startTestDaemon(t, directory);
  t.is(statSync(first.address).mode & 0o777, 0o660);
  t.is(statSync(`${first.address}.ttrpc`).mode & 0o777, 0o600);
  const {uuid} = await first.client.call(IntrospectionDefinition, 'server', {}, {});
  await first.stop();
  t.false(existsSync(first.address));
  const second = await startTestDaemon(t, directory);
  t.is((await second.client.call(IntrospectionDefinition, 'server', {}, {})).uuid, uuid);
});

test('namespaces: create, labels, and no deletion while something is left', async t => {
  const {client} = await startTestDaemon(t);
  await client.call(NamespacesDefinition, 'create', {namespace: {name: 'test', labels: {a: '1'}}}, {});
  const again = client.call(NamespacesDefinition, 'create', {namespace: {name: 'test'}}, {});
  t.deepEqual(await failure(t, again), [status.ALREADY_EXISTS, 'namespace "test": already exists']);
  const unknown = await client.call(NamespacesDefinition, 'get', {name: 'never-seen'}, {});
  t.deepEqual(unknown.namespace, {name: 'never-seen', labels: {}});
  const updated = await client.call(
    NamespacesDefinition,
    'update',
    {namespace: {name: 'test', labels: {b: '2', a: ''}}, updateMask: ['labels.a', 'labels.b']},
    {},
  );
  t.deepEqual(updated.namespace?.labels, {b: '2'});
  await writeBlob(client, Buffer.from('x'));
  await client.call(SnapshotsDefinition, 'prepare', {snapshotter: 'native', key: 'k'});
  const remove = () => client.call(NamespacesDefinition, 'delete', {name: 'test'}, {});
  t.deepEqual(await failure(t, remove()), [
    status.FAILED_PRECONDITION,
    'namespace "test" must be empty, but it still has blobs, snapshots on "native" snapshotter: failed precondition',
  ]);
  await client.call(SnapshotsDefinition, 'remove', {snapshotter: 'native', key: 'k'});
  await client.call(LeasesDefinition, 'create', {id: 'l'});
  await client.call(LeasesDefinition, 'delete', {id: 'l', sync: true}); // the blob is garbage
  await remove();
  t.deepEqual(await failure(t, remove()), [status.NOT_FOUND, 'namespace "test": not found']);
});

test('content goes in and out in pieces, and ranges come back', async t => {
  const {client} = await startTestDaemon(t);
  const data = randomBytes(3_500_000);
  const answer = await writeBlob(client, data, {labels: {k: 'v'}});
  t.is(answer.digest, sha256(data));
  t.is(answer.offset, BigInt(data.length));
  t.true((await readBlob(client, answer.digest)).equals(data));
  t.true((await readBlob(client, answer.digest, {offset: 1_000_000, size: 2_000_000})).equals(data.subarray(1e6, 3e6)));
  const {info} = await client.call(ContentDefinition, 'info', {digest: answer.digest});
  t.like(info, {size: BigInt(data.length), labels: {k: 'v'}});
  const beyond = Array.fromAsync(client.stream(ContentDefinition, 'read', {digest: answer.digest, offset: 4_000_000}));
  const [code] = await failure(t, beyond);
  t.is(code, status.OUT_OF_RANGE);
});

test('an upload that the client ends without a commit is ended, and its reference free', async t => {
  const {client} = await startTestDaemon(t);
  for (const offset of [0n, 2n]) {
    const call = client.duplex(ContentDefinition, 'write');
    const {promise: ended, resolve, reject} = Promise.withResolvers<void>();
    call.on('end', resolve).on('error', reject);
    const answers: bigint[] = [];
    call.on('data', answer => answers.push(answer.offset));
    call.write({action: WriteAction.WRITE, ref: 'half', offset, data: Buffer.from('ab')});
    call.end();
    await ended;
    t.deepEqual(answers, [offset + 2n]);
  }
});

test('a broken upload is resumed, a wrong offset refused', async t => {
  const {client} = await startTestDaemon(t);
  const data = Buffer.from('hello world');
  const call = client.duplex(ContentDefinition, 'write');
  call.on('error', () => {});
  call.write({action: WriteAction.WRITE, ref: 'r', total: 11, data: data.subarray(0, 5)});
  await new Promise(resolve => call.once('data', resolve));
  call.write({action: WriteAction.WRITE, offset: 3, data: Buffer.from('x')});
  const error = await new Promise<ServiceError>(resolve => call.once('error', resolve as (error: Error) => void));
  t.is(error.code, status.OUT_OF_RANGE);
  t.is(error.details, 'write @3 must occur at current offset 5: out of range');
  const {status: known} = await client.call(ContentDefinition, 'status', {ref: 'r'});
  t.like(known, {offset: 5n, total: 11n});
  t.is((await writeBlob(client, data, {ref: 'r'})).digest, sha256(data));
  t.deepEqual((await client.call(ContentDefinition, 'listStatuses', {})).statuses, []);
});

test('an upload without reference, and one of a blob that is there', async t => {
  const {client} = await startTestDaemon(t);
  const call = client.duplex(ContentDefinition, 'write');
  call.write({action: WriteAction.STAT});
  t.deepEqual(await failure(t, Array.fromAsync(call)), [
    status.INVALID_ARGUMENT,
    'first message must have a reference: invalid argument',
  ]);
  const {digest} = await writeBlob(client, Buffer.from('x'));
  const again = client.duplex(ContentDefinition, 'write');
  again.write({action: WriteAction.STAT, ref: 'other', expected: digest});
  t.deepEqual(await failure(t, Array.fromAsync(again)), [status.ALREADY_EXISTS, `content ${digest}: already exists`]);
});

test('content that is there already: the answer to the last write tells its digest', async t => {
  const {client} = await startTestDaemon(t);
  const data = Buffer.from('twice');
  await writeBlob(client, data);
  const call = client.duplex(ContentDefinition, 'write');
  call.write({action: WriteAction.STAT, ref: 'again'});
  call.write({action: WriteAction.WRITE, data});
  const answers = call[Symbol.asyncIterator]() as AsyncIterator<WriteContentResponse>;
  await answers.next();
  t.is((await answers.next()).value?.digest, sha256(data));
  call.write({action: WriteAction.COMMIT, offset: data.length, total: data.length});
  await t.throwsAsync(answers.next(), {message: /already exists/});
});

test('a client that goes away in the middle frees its reference', async t => {
  const {client} = await startTestDaemon(t);
  const call = client.duplex(ContentDefinition, 'write');
  call.on('error', () => {});
  call.write({action: WriteAction.WRITE, ref: 'r', data: Buffer.from('ab')});
  await new Promise(resolve => call.once('data', resolve));
  call.cancel();
  for (let tries = 0; ; tries++) {
    try {
      t.is((await writeBlob(client, Buffer.from('abc'), {ref: 'r'})).offset, 3n);
      break;
    } catch (error) {
      if (tries > 50) throw error;
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  }
});

test('containers: field masks, filters, immutable fields', async t => {
  const daemon = await startTestDaemon(t);
  const {client} = daemon;
  await createContainer(daemon, {labels: {a: '1'}, extensions: {e: {typeUrl: 'x', value: Buffer.from('1')}}});
  const update = (container: object, updateMask: string[]) =>
    client.call(ContainersDefinition, 'update', {container: {id: 'c', ...container}, updateMask});
  const {container} = await update({labels: {b: '2'}, image: 'ignored'}, ['labels.b']);
  t.deepEqual(container?.labels, {a: '1', b: '2'});
  t.is(container?.image, '');
  t.is((await update({image: 'i'}, ['image'])).container?.image, 'i');
  t.deepEqual(Object.keys((await update({}, ['extensions.e'])).container?.extensions ?? {}), []);
  t.deepEqual(await failure(t, update({snapshotter: 'x'}, ['snapshotter'])), [
    status.INVALID_ARGUMENT,
    'container.Snapshotter field is immutable: invalid argument',
  ]);
  t.deepEqual(await failure(t, update({}, ['nosuch'])), [
    status.INVALID_ARGUMENT,
    'cannot update "nosuch" field on "c": invalid argument',
  ]);
  const ids = async (filters: string[]) =>
    (await client.call(ContainersDefinition, 'list', {filters})).containers.map(({id}) => id);
  t.deepEqual(await ids(['labels.b==2,image==i']), ['c']);
  t.deepEqual(await ids(['id==x', 'runtime.name~=nosuch']), ['c']);
  t.deepEqual(await ids(['id==x']), []);
  const streamed = await Array.fromAsync(client.stream(ContainersDefinition, 'listStream', {}));
  t.deepEqual(
    streamed.map(message => message.container?.id),
    ['c'],
  );
  t.deepEqual(await failure(t, ids(['id=='])), [
    status.INVALID_ARGUMENT,
    'filters: parse error: [id==]: expected value or quoted: invalid argument',
  ]);
});

test('containers: what is not there and what is not valid', async t => {
  const daemon = await startTestDaemon(t);
  const {client} = daemon;
  t.deepEqual(await failure(t, client.call(ContainersDefinition, 'get', {id: 'nosuch'})), [
    status.NOT_FOUND,
    'container "nosuch" in namespace "test": not found',
  ]);
  const [code, text] = await failure(t, createContainer(daemon, {runtime: {name: ''}}));
  t.is(code, status.INVALID_ARGUMENT);
  t.is(text, 'create container failed validation: container.Runtime.Name must be set: invalid argument');
  await createContainer(daemon);
  t.is((await failure(t, createContainer(daemon)))[0], status.ALREADY_EXISTS);
  t.deepEqual(await failure(t, client.call(TasksDefinition, 'get', {containerId: 'c'})), [
    status.NOT_FOUND,
    'task c not found',
  ]);
  t.deepEqual(await failure(t, client.call(TasksDefinition, 'create', {containerId: 'c'})), [
    status.NOT_FOUND,
    'runtime "io.containerd.nosuch.v2" binary not installed "containerd-shim-nosuch-v2": file does not exist',
  ]);
});

test('an image keeps its content until it is deleted with sync', async t => {
  const {client, root} = await startTestDaemon(t);
  const layer = await writeBlob(client, Buffer.from('layer'), {ref: 'l'});
  const labels = {'containerd.io/gc.ref.content.l.0': layer.digest};
  const manifest = await writeBlob(client, Buffer.from('manifest'), {ref: 'm', labels});
  const target = {mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: manifest.digest, size: 8};
  await client.call(ImagesDefinition, 'create', {image: {name: 'i', target}});
  const stray = await writeBlob(client, Buffer.from('stray'), {ref: 's'});
  const {lease} = await client.call(LeasesDefinition, 'create', {});
  await client.call(LeasesDefinition, 'delete', {id: lease?.id ?? '', sync: true});
  const file = (digest: string) => join(root, 'io.containerd.content.v1.content/blobs/sha256', digest.slice(7));
  t.deepEqual(
    [layer, manifest, stray].map(({digest}) => existsSync(file(digest))),
    [true, true, false],
  );
  const other = client.call(ImagesDefinition, 'delete', {name: 'i', target: {...target, digest: layer.digest}});
  t.is((await failure(t, other))[0], status.NOT_FOUND);
  await client.call(ImagesDefinition, 'delete', {name: 'i', sync: true});
  t.deepEqual(
    [layer, manifest].map(({digest}) => existsSync(file(digest))),
    [false, false],
  );
});

test('a lease keeps what was made under it', async t => {
  const {client, root} = await startTestDaemon(t);
  await client.call(LeasesDefinition, 'create', {id: 'l', labels: {'containerd.io/gc.expire': '2099-01-01T00:00:00Z'}});
  const headers = {'containerd-namespace': 'test', 'containerd-lease': 'l'};
  const {digest} = await writeBlob(client, Buffer.from('kept'), {headers});
  await client.call(SnapshotsDefinition, 'prepare', {snapshotter: 'native', key: 'k'}, headers);
  const {resources} = await client.call(LeasesDefinition, 'listResources', {id: 'l'});
  t.deepEqual(resources, [
    {type: 'content', id: digest},
    {type: 'snapshots/native', id: 'k'},
  ]);
  await client.call(LeasesDefinition, 'create', {id: 'other'});
  await client.call(LeasesDefinition, 'delete', {id: 'other', sync: true});
  await client.call(ContentDefinition, 'info', {digest});
  await client.call(LeasesDefinition, 'delete', {id: 'l', sync: true});
  t.is((await failure(t, client.call(ContentDefinition, 'info', {digest})))[0], status.NOT_FOUND);
  const stat = client.call(SnapshotsDefinition, 'stat', {snapshotter: 'native', key: 'k'});
  t.is((await failure(t, stat))[0], status.NOT_FOUND);
  t.false(existsSync(join(root, 'io.containerd.content.v1.content/blobs/sha256', digest.slice(7))));
  const unknown = client.call(SnapshotsDefinition, 'prepare', {snapshotter: 'native', key: 'k'}, headers);
  t.deepEqual(await failure(t, unknown), [status.NOT_FOUND, 'lease "l": not found']);
});

test('events reach subscribers of both protocols, in order and filtered', async t => {
  const daemon = await startTestDaemon(t);
  const {client} = daemon;
  const events = client.stream(
    EventsDefinition,
    'subscribe',
    {filters: ['topic~=|^/containers/|', 'topic~=|^/tasks/|']},
    {},
  );
  const received: Envelope[] = [];
  events.on('data', envelope => received.push(envelope));
  events.on('error', () => {});
  await new Promise(resolve => events.once('metadata', resolve));
  await createContainer(daemon);
  await client.call(NamespacesDefinition, 'create', {namespace: {name: 'unseen'}}, {});
  const socket = createConnection(`${daemon.address}.ttrpc`);
  using ttrpc = new TtrpcClient(socket);
  const envelope = {
    timestamp: {seconds: 5n, nanos: 6},
    namespace: 'test',
    topic: '/tasks/oom',
    event: {typeUrl: 'containerd.events.TaskOOM', value: Buffer.from([10, 1, 99])},
  };
  await ttrpc.service(TtrpcEventsDefinition).forward(callContext({namespace: 'test'}), {envelope});
  await client.call(EventsDefinition, 'publish', {topic: '/tasks/custom', event: {typeUrl: 'x'}});
  for (let tries = 0; received.length < 3 && tries < 100; tries++) await new Promise(resolve => setTimeout(resolve, 5));
  t.deepEqual(
    received.map(({topic}) => topic),
    ['/containers/create', '/tasks/oom', '/tasks/custom'],
  );
  t.deepEqual(received[1]?.timestamp, {seconds: 5n, nanos: 6});
  t.is(received[0]?.event?.typeUrl, 'containerd.events.ContainerCreate');
  events.cancel();
});

test('sandboxes: records, field masks, filters', async t => {
  const {client} = await startTestDaemon(t);
  const store = StoreDefinition;
  const sandbox = {sandboxId: 's', runtime: {name: 'r'}, labels: {a: '1'}, sandboxer: 'podsandbox'};
  const created = (await client.call(store, 'create', {sandbox})).sandbox;
  t.like(created, {sandboxId: 's', labels: {a: '1'}, sandboxer: 'podsandbox'});
  t.is((await failure(t, client.call(store, 'create', {sandbox})))[0], status.ALREADY_EXISTS);
  const changed = {sandboxId: 's', labels: {b: '2'}, extensions: {e: {typeUrl: 'x', value: Buffer.from('1')}}};
  const updated = await client.call(store, 'update', {sandbox: changed, fields: ['labels.b', 'extensions.e']});
  t.deepEqual(updated.sandbox?.labels, {a: '1', b: '2'});
  t.is(updated.sandbox?.extensions.e?.value.toString(), '1');
  t.is((await failure(t, client.call(store, 'update', {sandbox: changed, fields: ['x']})))[0], status.INVALID_ARGUMENT);
  t.is((await client.call(store, 'list', {filters: ['labels.b==2,id==s']})).list.length, 1);
  t.is((await client.call(store, 'list', {filters: ['id==x']})).list.length, 0);
  await client.call(store, 'delete', {sandboxId: 's'});
  const gone = await failure(t, client.call(store, 'get', {sandboxId: 's'}));
  t.deepEqual(gone, [status.NOT_FOUND, 'sandbox "s": not found']);
});

test('everything is there after a restart', async t => {
  const directory = tempDir(t);
  const first = await startTestDaemon(t, directory);
  await createContainer(first);
  const {digest} = await writeBlob(first.client, Buffer.from('kept'), {
    labels: {'containerd.io/gc.root': '2026-01-01T00:00:00Z'},
  });
  await first.stop();
  const {client} = await startTestDaemon(t, directory);
  t.is((await client.call(ContainersDefinition, 'get', {id: 'c'})).container?.id, 'c');
  t.is((await readBlob(client, digest)).toString(), 'kept');
});
