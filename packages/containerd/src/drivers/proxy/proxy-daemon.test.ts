/** One daemon whose content, snapshots, layers and sandboxes are those of another. */
import {createHash, randomBytes} from 'node:crypto';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {IntrospectionDefinition} from '@longshore/api/gen/containerd/services/introspection/v1/introspection';
import {ControllerDefinition} from '@longshore/api/gen/containerd/services/sandbox/v1/sandbox';
import {callContext} from '@longshore/base';
import {ingest, openClient, readBlob, writeBlob} from '@longshore/containerd-client';
import {codeOf} from '@longshore/errdefs';
import test, {type ExecutionContext} from 'ava';
import {startTestDaemon} from '../../test-support/daemon.ts';
import {tempDir} from '../../test-support/store.ts';
import {file, layer} from '../diff/apply/fixture.ts';

const ctx = callContext({namespace: 'n'});

async function twoDaemons(t: ExecutionContext) {
  const back = await startTestDaemon(t);
  const {address} = back;
  const directory = tempDir(t);
  const more = {
    disabled_plugins: [
      'io.containerd.snapshotter.v1.overlayfs',
      'io.containerd.snapshotter.v1.native',
      'io.containerd.content.v1.content',
    ],
    proxy_plugins: {
      native: {type: 'snapshot', address, exports: {root: '/there'}, capabilities: ['far']},
      far: {type: 'content', address},
      remote: {type: 'sandbox', address},
    },
  };
  const front = await startTestDaemon(t, directory, more);
  const clients = [openClient({address: front.address}), openClient(back)] as const;
  t.teardown(() => {
    for (const client of clients) client[Symbol.dispose]();
  });
  return {front, back, client: clients[0], backClient: clients[1], directory};
}

const digestOf = (data: Uint8Array) => `sha256:${createHash('sha256').update(data).digest('hex')}`;

test('blobs go to the other daemon and come back', async t => {
  const {client, backClient, directory, back} = await twoDaemons(t);
  const data = randomBytes(3_000_000);
  const {digest} = await writeBlob(ctx, client, data, {own: 'label'});
  t.true((await readBlob(ctx, client, digest)).equals(data));
  const there = await backClient.content.info(callContext({namespace: 'default'}), {digest});
  t.is(there.info?.size, 3_000_000n);
  t.true(existsSync(join(back.root, 'io.containerd.content.v1.content/blobs/sha256', digest.slice(7))));
  t.false(existsSync(join(directory, 'root/io.containerd.content.v1.content/blobs')));
  await t.throwsAsync(readBlob(callContext({namespace: 'other'}), client, digest));
  const wrong = ingest(
    ctx,
    client,
    'r',
    async function* () {
      yield Buffer.from('x');
    },
    {digest: digestOf(Buffer.from('y'))},
  );
  t.is(codeOf(await t.throwsAsync(wrong)), 'failed-precondition');
  await client.content.delete(ctx, {digest});
});

test('layers are unpacked into snapshots of the other daemon', async t => {
  const {client, backClient} = await twoDaemons(t);
  const blob = gzipSync(layer(file('hello.txt', 'from afar')));
  const {digest, size} = await writeBlob(ctx, client, blob, {});
  const labels = {'containerd.io/gc.root': 'x'};
  const {mounts} = await client.snapshots.prepare(ctx, {snapshotter: 'native', key: 'k', labels});
  const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
  await client.diff.apply(ctx, {diff: {mediaType, digest, size: BigInt(size)}, mounts});
  t.is(readFileSync(join(mounts[0]?.source ?? '', 'hello.txt'), 'utf8'), 'from afar');
  await client.snapshots.commit(ctx, {snapshotter: 'native', key: 'k', name: 'base', labels});
  const {info} = await backClient.snapshots.stat(ctx, {snapshotter: 'native', key: 'n/1/base'});
  t.is(info?.name, 'n/1/base');
  const usage = await client.snapshots.usage(ctx, {snapshotter: 'native', key: 'base'});
  t.is(usage.inodes, 2n);
});

test('a collection here keeps what is needed there', async t => {
  const {client, backClient, directory} = await twoDaemons(t);
  const {digest} = await writeBlob(ctx, client, randomBytes(1000), {'containerd.io/gc.root': 'x'});
  const {digest: unneeded} = await writeBlob(ctx, client, randomBytes(1000), {});
  const {lease} = await client.leases.create(ctx, {id: 'l'});
  await client.leases.delete(ctx, {id: lease?.id ?? '', sync: true});
  await backClient.leases.create(ctx, {id: 'l'});
  await backClient.leases.delete(ctx, {id: 'l', sync: true});
  t.is((await readBlob(ctx, client, digest)).length, 1000);
  const inBack = callContext({namespace: 'default'});
  t.is(codeOf(await t.throwsAsync(backClient.content.info(inBack, {digest: unneeded}))), 'not-found');
  t.deepEqual(readdirSync(join(directory, 'root/io.containerd.content.v1.content')), ['spool']);
});

test('proxies are plugins, and a sandbox controller can be one', async t => {
  const {front} = await twoDaemons(t);
  const {plugins} = await front.client.call(IntrospectionDefinition, 'plugins', {filters: ['id==native', 'id==far']});
  t.deepEqual(
    plugins.map(({type, id, exports, capabilities}) => [type, id, exports.root, capabilities]),
    [
      ['io.containerd.snapshotter.v1', 'native', '/there', ['far']],
      ['io.containerd.content.v1', 'far', undefined, []],
    ],
  );
  const call = front.client.call(ControllerDefinition, 'status', {sandboxId: 'x', sandboxer: 'remote'});
  t.like(await t.throwsAsync(call), {details: 'failed to get sandbox controller by "remote": not found'});
});
