/** The same scenarios against the original containerd and ours, with Debian's registry. */
import {randomBytes} from 'node:crypto';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type CallContext, callContext, withSignal} from '@longshore/base';
import {codeOf, type ErrorCode} from '@longshore/errdefs';
import {
  digestOf,
  isManifestType,
  openRegistry,
  parseReference,
  type Reference,
  type Registry,
  tarEnd,
  tarEntry,
  tarHeader,
  tarPadding,
} from '@longshore/oci';
import anyTest, {type ExecutionContext, type TestFn} from 'ava';
import {
  acquireLease,
  type ContainerdClient,
  createImage,
  deleteImage,
  exportArchive,
  getImage,
  type ImageProgress,
  imageUsage,
  importArchive,
  isUnpacked,
  listImages,
  pullImage,
  pushImage,
  putImage,
  readImage,
  unpackImage,
  walkContent,
} from '../index.ts';
import {
  type ContainerdDaemon,
  originalContainerd,
  originalRegistry,
  type RegistryDaemon,
  startContainerd,
  startRegistry,
} from '../test-support/daemons.ts';
import {makeImage, makeIndex, storeImage, type TestImage, tarOf} from '../test-support/test-image.ts';

const isRoot = process.getuid?.() === 0;
const kinds = ['original', 'ours'] as const;
const canRun = {original: isRoot && existsSync(originalContainerd), ours: isRoot};
const hasRegistry = existsSync(originalRegistry);

type World = {containerd: Partial<Record<(typeof kinds)[number], ContainerdDaemon>>; registry: RegistryDaemon};
const test = anyTest as TestFn<World>;

test.before(async t => {
  const containerd: World['containerd'] = {};
  for (const kind of kinds) if (canRun[kind]) containerd[kind] = await startContainerd(kind);
  t.context = {containerd, registry: hasRegistry ? await startRegistry() : (undefined as never)};
});

test.after.always(async t => {
  for (const daemon of Object.values(t.context.containerd ?? {})) await daemon[Symbol.asyncDispose]();
  await t.context.registry?.[Symbol.asyncDispose]();
});

interface Scene {
  client: ContainerdClient;
  /** A namespace that nobody else uses. */
  ctx: CallContext;
  other: CallContext;
  registry: Registry;
  host: string;
  daemons: World;
  /** A repository that nobody else uses. */
  repository(name: string): Reference;
}

let count = 0;

function scenario(name: string, run: (t: ExecutionContext<World>, scene: Scene) => Promise<void>): void {
  for (const kind of kinds) {
    const define = canRun[kind] && hasRegistry ? test : test.skip;
    define(`${kind}: ${name}`, async t => {
      const id = `t${++count}`;
      const daemon = t.context.containerd[kind] as ContainerdDaemon;
      using registry = openRegistry();
      const host = t.context.registry.host;
      await run(t, {
        client: daemon.client,
        ctx: callContext({namespace: id}),
        other: callContext({namespace: `${id}-other`}),
        registry,
        host,
        daemons: t.context,
        repository: repository => parseReference(`${host}/${id}/${repository}:1`),
      });
    });
  }
}

const refused = async (t: ExecutionContext<World>, code: ErrorCode, action: Promise<unknown>, message?: RegExp) => {
  const error = await t.throwsAsync(action, message && {message});
  t.is(codeOf(error), code, error?.message);
};

async function hasSnapshot({client}: Scene, ctx: CallContext, key: string): Promise<boolean> {
  return await client.snapshots.stat(ctx, {snapshotter: 'overlayfs', key}).then(
    () => true,
    () => false,
  );
}

async function snapshotKeys({client}: Scene, ctx: CallContext): Promise<string[]> {
  const keys: string[] = [];
  for await (const {info} of client.snapshots.list(ctx, {snapshotter: 'overlayfs'}))
    keys.push(...info.map(i => i.name));
  return keys;
}

async function leaseCount({client}: Scene, ctx: CallContext): Promise<number> {
  return (await client.leases.list(ctx, {})).leases.length;
}

async function digestsBelow({client}: Scene, ctx: CallContext, image: TestImage): Promise<string[]> {
  const found: string[] = [];
  for await (const {digest} of walkContent(ctx, client, image.target)) found.push(digest);
  return found.sort();
}

const digests = (image: TestImage) => image.blobs.map(blob => digestOf(blob)).sort();

/** Takes an image out of the store for good: containerd shares blobs between namespaces. */
async function forget({client, ctx}: Scene, image: TestImage): Promise<void> {
  for (const blob of image.blobs) await client.content.delete(ctx, {digest: digestOf(blob)});
  await using lease = await acquireLease(ctx, client);
  await client.leases.delete(ctx, {id: lease.id, sync: true});
}

const savedArchive = (image: string, files: [string, string | Buffer][]) =>
  async function* () {
    for (const [name, content] of [...files, ['manifest.json', image] as [string, string]]) {
      const bytes = Buffer.from(content);
      yield Buffer.concat([tarHeader(tarEntry('file', name, {size: bytes.length})), bytes, tarPadding(bytes.length)]);
    }
    yield tarEnd();
  };

scenario('pushed and pulled, with all that keeps it alive', async (t, scene) => {
  const {client, ctx, other, registry, repository} = scene;
  const image = makeImage({layers: ['a', 'b', 'c'.repeat(100_000)]});
  await storeImage(ctx, client, image);
  const reference = repository('app');
  t.deepEqual(await pushImage(ctx, client, {target: image.target, reference, registry}), image.target);
  const events: string[] = [];
  const onProgress = (event: ImageProgress) => {
    const kept = 'descriptor' in event ? image.layers.findIndex(l => l.digest === event.descriptor.digest) : -1;
    if (event.type === 'layer') events.push(`layer ${kept} ${event.action}`);
    if (event.type === 'blob' && kept >= 0) events.push(`blob ${kept} ${event.action}`);
    if (event.type === 'image') events.push(event.type);
  };
  const pulled = await pullImage(other, client, {reference, registry, labels: {mine: 'yes'}, onProgress});
  t.is(pulled.chainId, image.chainId);
  t.deepEqual(pulled.manifest, image.target);
  t.like(pulled.image, {name: `${scene.host}/${reference.path}:1`, labels: {mine: 'yes'}, target: image.target});
  for (const i of [0, 1, 2]) {
    for (const step of ['blob waiting', 'blob downloaded', 'layer extracting', 'layer extracted']) {
      const [kind, action] = step.split(' ');
      t.true(events.includes(`${kind} ${i} ${action}`), `${step} ${i}: ${events}`);
    }
  }
  t.is(events.at(-1), 'image');
  t.true(await hasSnapshot(scene, other, image.chainId));
  t.true(await isUnpacked(other, client, {target: image.target}));
  t.is(await leaseCount(scene, other), 0);
  t.deepEqual(await digestsBelow(scene, other, image), digests(image));
  const info = async (digest: string) => (await client.content.info(other, {digest})).info?.labels ?? {};
  const source = `containerd.io/distribution.source.${scene.host}`;
  t.is((await info(image.target.digest))['containerd.io/gc.ref.content.l.2'], image.layers[2]?.digest);
  t.is((await info(image.target.digest))[source], reference.path);
  t.regex((await info(image.layers[0]?.digest ?? ''))['containerd.io/uncompressed'] ?? '', /^sha256:/);
  // A collection right now takes nothing away.
  await using lease = await acquireLease(other, client);
  await client.leases.delete(other, {id: lease.id, sync: true});
  t.deepEqual(await digestsBelow(scene, other, image), digests(image));
  t.true(await hasSnapshot(scene, other, image.chainId));
  // Without its name, everything goes.
  await deleteImage(other, client, pulled.image?.name ?? '', {sync: true});
  t.deepEqual(await digestsBelow(scene, other, image), []);
  t.deepEqual(await snapshotKeys(scene, other), []);
});

scenario('pulled again: nothing is downloaded twice', async (t, scene) => {
  const {client, ctx, registry, repository} = scene;
  const image = makeImage({layers: ['a', 'b']});
  await storeImage(ctx, client, image);
  const [one, two] = [repository('one'), repository('two')];
  await pushImage(ctx, client, {target: image.target, reference: one, registry});
  const actions: string[] = [];
  const onProgress = (event: ImageProgress) => {
    // A manifest is always sent: that moves the tag.
    if (event.type === 'blob' && !isManifestType(event.descriptor.mediaType)) actions.push(event.action);
  };
  await pushImage(ctx, client, {target: image.target, reference: one, registry, onProgress});
  t.deepEqual([...new Set(actions)], ['waiting', 'exists']);
  actions.length = 0;
  await pushImage(ctx, client, {target: image.target, reference: two, registry, onProgress});
  t.deepEqual([...new Set(actions)], ['waiting', 'mounted'], 'the registry has them in the other repository');
  actions.length = 0;
  await pullImage(ctx, client, {reference: one, registry, onProgress});
  t.deepEqual([...new Set(actions)], ['waiting', 'exists']);
  t.is((await listImages(ctx, client)).length, 1);
});

scenario('one platform of an index, another, all, and none', async (t, scene) => {
  const {client, ctx, other, registry, repository} = scene;
  const amd64 = makeImage({layers: ['shared', 'amd64']});
  const arm64 = makeImage({layers: ['shared', 'arm64'], architecture: 'arm64'});
  const index = makeIndex({arm64, amd64});
  await storeImage(ctx, client, index);
  const reference = repository('multi');
  t.deepEqual(await pushImage(ctx, client, {target: index.target, reference, registry}), index.target);
  const linux = (architecture: string) => ({os: 'linux', architecture});
  const mine = await pullImage(other, client, {reference, registry, platform: linux('amd64')});
  t.deepEqual(mine.target, index.target);
  t.is(mine.chainId, amd64.chainId);
  t.is(mine.manifest.digest, amd64.target.digest);
  t.deepEqual(await digestsBelow(scene, other, index), [...new Set([...digests(amd64), index.target.digest])].sort());
  await refused(t, 'not-found', readImage(other, client, index.target, linux('arm64')));
  // What is here of it can be pushed: one platform, in place of the index.
  const part = await pushImage(other, client, {target: index.target, reference: repository('part'), registry});
  t.is(part.digest, amd64.target.digest);
  const theirs = await pullImage(other, client, {reference, registry, platform: linux('arm64')});
  t.is(theirs.chainId, arm64.chainId);
  const s390 = pullImage(other, client, {reference, registry, platform: linux('s390x')});
  await refused(t, 'not-found', s390, /^no matching manifest for linux\/s390x in the manifest list entries$/);
  const third = callContext({namespace: `${ctx.namespace}-all`});
  await pullImage(third, client, {reference, registry, allPlatforms: true, unpack: false});
  t.deepEqual(await digestsBelow(scene, third, index), [...new Set(digests(index))].sort());
  t.deepEqual(await snapshotKeys(scene, third), []);
  t.is(
    await imageUsage(third, client, index.target),
    [...new Map(index.blobs.map(b => [digestOf(b), b.length])).values()].reduce((a, b) => a + b),
  );
});

scenario('many pulls of one image at the same time', async (t, scene) => {
  const {client, ctx, other, registry, repository} = scene;
  const image = makeImage({layers: ['x'.repeat(200_000), randomBytes(300_000).toString('hex'), 'z']});
  await storeImage(ctx, client, image);
  const reference = repository('crowd');
  await pushImage(ctx, client, {target: image.target, reference, registry});
  const pulls = Array.from({length: 6}, () => pullImage(other, client, {reference, registry}));
  for (const pulled of await Promise.all(pulls)) t.is(pulled.chainId, image.chainId);
  t.is((await snapshotKeys(scene, other)).length, 3, 'no half-extracted snapshot stays');
  t.is(await leaseCount(scene, other), 0);
});

scenario('a registry that lies', async (t, scene) => {
  const {client, ctx, other, registry, repository} = scene;
  const image = makeImage({layers: [`victim of ${ctx.namespace}`]});
  await storeImage(ctx, client, image);
  const reference = repository('liar');
  await pushImage(ctx, client, {target: image.target, reference, registry});
  const hex = image.layers[0]?.digest.slice(7) ?? '';
  const path = join(
    scene.daemons.registry.directory,
    'data/docker/registry/v2/blobs/sha256',
    hex.slice(0, 2),
    hex,
    'data',
  );
  const good = readFileSync(path);
  const bad = Buffer.from(good);
  bad[bad.length - 9] = (bad[bad.length - 9] ?? 0) ^ 1;
  writeFileSync(path, bad);
  await forget(scene, image);
  await refused(t, 'failed-precondition', pullImage(other, client, {reference, registry}), /digest/);
  t.deepEqual(await listImages(other, client), []);
  t.is(await leaseCount(scene, other), 0);
  writeFileSync(path, good);
  t.is((await pullImage(other, client, {reference, registry})).chainId, image.chainId, 'what was received is not kept');
});

scenario('an image whose layers are not what it says', async (t, scene) => {
  const {client, ctx, registry, repository} = scene;
  const lying = makeImage({layers: ['a', 'b'], diffIds: [digestOf(tarOf('layer0', 'a')), digestOf('other')]});
  await storeImage(ctx, client, lying);
  await refused(t, 'data-loss', unpackImage(ctx, client, {target: lying.target}), /unpacks to/);
  t.deepEqual(
    (await snapshotKeys(scene, ctx)).filter(key => key.startsWith('extract-')),
    [],
  );
  const short = makeImage({layers: ['a', 'b'], diffIds: [digestOf('x')]});
  await storeImage(ctx, client, short);
  await refused(t, 'invalid-argument', unpackImage(ctx, client, {target: short.target}), /2 layers/);
  const reference = repository('lying');
  await pushImage(ctx, client, {target: lying.target, reference, registry});
  await refused(t, 'data-loss', pullImage(ctx, client, {reference, registry}), /unpacks to/);
  t.deepEqual(await listImages(ctx, client), []);
});

scenario('what is not there', async (t, scene) => {
  const {client, ctx, registry, repository} = scene;
  await refused(t, 'not-found', pullImage(ctx, client, {reference: repository('none'), registry}), /^manifest unknown/);
  const image = makeImage({layers: ['not stored']});
  const push = pushImage(ctx, client, {target: image.target, reference: repository('x'), registry});
  await refused(t, 'not-found', push);
  await refused(t, 'not-found', unpackImage(ctx, client, {target: image.target}));
  await refused(t, 'not-found', getImage(ctx, client, 'docker.io/library/none:1'), /not found/);
  await refused(t, 'not-found', deleteImage(ctx, client, 'docker.io/library/none:1'));
  t.is(await leaseCount(scene, ctx), 0);
});

scenario('a pull that is given up', async (t, scene) => {
  const {client, ctx, other, registry, repository} = scene;
  const image = makeImage({layers: [randomBytes(20_000_000).toString('base64')]});
  await storeImage(ctx, client, image);
  const reference = repository('big');
  await pushImage(ctx, client, {target: image.target, reference, registry});
  await forget(scene, image);
  const abort = new AbortController();
  const onProgress = (event: ImageProgress) => {
    if (event.type === 'blob' && event.action === 'downloading') abort.abort();
  };
  const call = pullImage(withSignal(other, abort.signal), client, {reference, registry, onProgress});
  await refused(t, 'canceled', call);
  t.deepEqual(await listImages(other, client), []);
  t.is(await leaseCount(scene, other), 0);
  t.is((await pullImage(other, client, {reference, registry})).chainId, image.chainId);
});

scenario('an archive of docker save, and back', async (t, scene) => {
  const {client, ctx, other} = scene;
  const layers = [tarOf('one', '1'), tarOf('two', '2')];
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    rootfs: {type: 'layers', diff_ids: layers.map(layer => digestOf(layer))},
  });
  const entry = [{Config: 'c.json', RepoTags: ['saved:1', 'saved:2'], Layers: ['a/layer.tar', 'b/layer.tar']}];
  const archive = savedArchive(JSON.stringify(entry), [
    ['c.json', config],
    ['a/layer.tar', layers[0] as Buffer],
    ['b/layer.tar', layers[1] as Buffer],
  ]);
  const imported = await importArchive(ctx, client, archive());
  const names = ['docker.io/library/saved:1', 'docker.io/library/saved:2'];
  t.deepEqual(
    imported.map(image => image.name),
    names,
  );
  t.deepEqual((await listImages(ctx, client)).map(image => image.name).sort(), names);
  const target = imported[0]?.target as TestImage['target'];
  const {manifestJson} = await readImage(ctx, client, target);
  t.deepEqual(
    manifestJson.layers.map(layer => layer.digest),
    layers.map(layer => digestOf(layer)),
  );
  t.true(await isUnpacked(ctx, client, {target}));
  t.is(await leaseCount(scene, ctx), 0);
  const images = imported.map(image => ({target: image.target, name: image.name as string}));
  const parts: Uint8Array[] = [];
  for await (const part of exportArchive(ctx, client, {images})) parts.push(part);
  const source = async function* () {
    yield* parts;
  };
  const again = await importArchive(other, client, source(), {unpack: false, rename: name => `${name}-renamed`});
  t.deepEqual(
    again,
    imported.map(image => ({target, name: `${image.name}-renamed`})),
  );
  t.deepEqual(await snapshotKeys(scene, other), []);
  const third = callContext({namespace: `${ctx.namespace}-third`});
  t.deepEqual(await importArchive(third, client, source(), {records: false}), imported);
  t.deepEqual(await listImages(third, client), []);
});

scenario('a broken archive leaves nothing', async (t, scene) => {
  const {client, ctx} = scene;
  const entry = JSON.stringify([{Config: 'c.json', RepoTags: ['x:1'], Layers: ['missing.tar']}]);
  const config = JSON.stringify({rootfs: {type: 'layers', diff_ids: [digestOf('x')]}});
  const archive = savedArchive(entry, [
    ['c.json', config],
    ['big', randomBytes(500_000)],
  ]);
  await refused(t, 'invalid-argument', importArchive(ctx, client, archive()), /"missing.tar" is listed/);
  t.deepEqual(await listImages(ctx, client), []);
  t.is(await leaseCount(scene, ctx), 0);
  const broken = async function* () {
    yield* archive();
    throw new Error('line is cut');
  };
  await t.throwsAsync(importArchive(ctx, client, broken()));
});

scenario('records of images', async (t, {client, ctx}) => {
  const image = makeImage({layers: ['r']});
  await storeImage(ctx, client, image);
  const name = 'docker.io/library/record:1';
  const made = await createImage(ctx, client, {name, target: image.target, labels: {a: 'b'}});
  t.like(made, {name, labels: {a: 'b'}});
  await refused(t, 'already-exists', createImage(ctx, client, {name, target: image.target}));
  const put = await putImage(ctx, client, {name, target: image.target, labels: {c: 'd'}});
  t.deepEqual(put.labels, {c: 'd'});
  t.deepEqual((await putImage(ctx, client, {name, target: image.target})).labels, {c: 'd'}, 'labels stay');
  t.deepEqual(await getImage(ctx, client, name), {...put, updatedAt: (await getImage(ctx, client, name)).updatedAt});
  t.is((await listImages(ctx, client, [`name==${name}`])).length, 1);
  t.is((await listImages(ctx, client, ['name==other'])).length, 0);
});
