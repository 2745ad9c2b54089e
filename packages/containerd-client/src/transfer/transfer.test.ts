/** Transfers inside our containerd: streams, archives, names, and registries of every kind that Debian's can be. */
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {StreamingDefinition} from '@longshore/api/gen/containerd/services/streaming/v1/streaming';
import type {Progress} from '@longshore/api/gen/containerd/types/transfer/progress';
import {HTTPDebug} from '@longshore/api/gen/containerd/types/transfer/registry';
import {type CallContext, callContext, withSignal} from '@longshore/base';
import {codeOf, type ErrorCode} from '@longshore/errdefs';
import anyTest, {type ExecutionContext, type TestFn} from 'ava';
import {packAny} from '../any.ts';
import {
  type ContainerdClient,
  contentSize,
  deleteImage,
  getImage,
  listImages,
  makeClient,
  openChannel,
  openStream,
  type TransferEnd,
  transfer,
  walkContent,
  writeBlob,
} from '../index.ts';
import {makeCertificates} from '../test-support/certificates.ts';
import {type ContainerdDaemon, originalRegistry, startContainerd, startRegistry} from '../test-support/daemons.ts';
import {startShakyProxy} from '../test-support/shaky-proxy.ts';
import {makeImage, makeIndex, storeImage, type TestImage} from '../test-support/test-image.ts';
import {startTokenServer} from '../test-support/token-server.ts';

const canRun = process.getuid?.() === 0 && existsSync(originalRegistry);
const base = anyTest as TestFn<{daemon: ContainerdDaemon}>;
const test = canRun ? base : base.skip;
let count = 0;

// Otherwise a second namespace would get blobs from the first, and download nothing.
const settings = '[plugins."io.containerd.metadata.v1.bolt"]\ncontent_sharing_policy = "isolated"\n';

base.before(async t => {
  if (canRun) t.context = {daemon: await startContainerd('ours', {settings})};
});
base.after.always(async t => {
  await t.context?.daemon?.[Symbol.asyncDispose]();
});

interface Scene {
  client: ContainerdClient;
  ctx: CallContext;
  /** A second namespace, to which an image gets only by a transfer. */
  other: CallContext;
}

function scene(t: ExecutionContext<{daemon: ContainerdDaemon}>): Scene {
  const id = `t${++count}`;
  const context = (namespace: string) => callContext({namespace});
  return {client: t.context.daemon.client, ctx: context(id), other: context(`${id}-other`)};
}

function tempDir(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'ls-tr-'));
  t.teardown(() => rmSync(path, {recursive: true, force: true}));
  return path;
}

const refused = async (t: ExecutionContext, code: ErrorCode, action: Promise<unknown>, message?: RegExp) => {
  const error = await t.throwsAsync(action, message && {message});
  t.is(codeOf(error), code, error?.message);
};

const linux = {os: 'linux', architecture: 'amd64'};
const unpacks = [{platform: linux, snapshotter: 'overlayfs'}];
const toStore = (name: string, store: Omit<(TransferEnd & {type: 'store'})['store'], 'name'> = {}): TransferEnd => ({
  type: 'store',
  store: {name, platforms: [linux], unpacks, ...store},
});

async function named({client, ctx}: Scene, image: TestImage, name: string): Promise<void> {
  await storeImage(ctx, client, image);
  await client.images.create(ctx, {image: {name, target: {...image.target, annotations: {}}}});
}

async function pushed(
  on: Scene,
  image: TestImage,
  reference: string,
  end: Partial<TransferEnd & {type: 'registry'}> = {},
) {
  await named(on, image, reference);
  const destination: TransferEnd = {type: 'registry', reference, ...end};
  await transfer(on.ctx, on.client, {source: {type: 'store', store: {name: reference}}, destination});
}

const pull = (on: Scene, reference: string, end: Partial<TransferEnd & {type: 'registry'}> = {}, store = {}) =>
  transfer(on.other, on.client, {
    source: {type: 'registry', reference, ...end},
    destination: toStore(reference, store),
  });

async function isWhole(on: Scene, image: TestImage): Promise<boolean> {
  const found = await Array.fromAsync(walkContent(on.other, on.client, image.target));
  return found.length === image.blobs.length;
}

test('pushed and pulled by containerd, with progress, unpacked, kept, and gone without its name', async t => {
  const on = scene(t);
  const {client, ctx, other} = on;
  await using registry = await startRegistry();
  const image = makeImage({layers: ['one', 'two']});
  const name = `${registry.host}/a/b:1`;
  await named(on, image, name);
  const steps: Progress[] = [];
  const onProgress = (step: Progress) => steps.push(step);
  const source: TransferEnd = {type: 'store', store: {name}};
  await transfer(ctx, client, {source, destination: {type: 'registry', reference: name}, onProgress});
  t.deepEqual(
    steps.filter(step => step.name === '' || step.name === name).map(step => step.event),
    [
      `Pushing to OCI Registry (${name})`,
      'pushing content',
      'pushed content',
      `Completed push to OCI Registry (${name})`,
    ],
  );
  steps.length = 0;
  const labels = {who: 'me'};
  await transfer(other, client, {
    source: {type: 'registry', reference: name},
    destination: toStore(name, {labels}),
    onProgress,
  });
  t.deepEqual(
    steps.filter(step => step.name === '' || step.name === name).map(step => step.event),
    [
      `Resolving from OCI Registry (${name})`,
      `Pulling from OCI Registry (${name})`,
      'fetching image content',
      'saved',
      `Completed pull from OCI Registry (${name})`,
    ],
  );
  const layer = steps.filter(step => step.name === `layer-${image.layers[0]?.digest}`);
  t.deepEqual(layer[0]?.parents, [`manifest-${image.target.digest}`]);
  t.is(layer[0]?.event, 'waiting');
  t.true(layer.some(({event, progress, total}) => event === 'complete' && progress === total && total > 0n));
  t.is(layer.at(-1)?.event, 'extracted');
  const record = await getImage(other, client, name);
  t.deepEqual([record.target, record.labels], [image.target, labels]);
  t.true(await isWhole(on, image));
  const key = {snapshotter: 'overlayfs', key: image.chainId};
  t.is((await client.snapshots.stat(other, key)).info?.name, image.chainId);
  t.deepEqual(await client.leases.list(other, {}), {leases: []});
  await deleteImage(other, client, name, {sync: true});
  t.false(await isWhole(on, image));
});

test('TLS: by our own CA in hosts.toml, refused without it; client certificates; headers', async t => {
  const on = scene(t);
  const files = makeCertificates(tempDir(t));
  await using registry = await startRegistry({tls: files});
  const port = registry.host.split(':')[1];
  const hosts = tempDir(t);
  const reference = `reg.example.com:${port}/x:1`; // not loopback by its name: verified
  const directory = join(hosts, `reg.example.com_${port}_`);
  mkdirSync(directory);
  const resolver = {hostDir: hosts};
  const write = (text: string) =>
    writeFileSync(join(directory, 'hosts.toml'), `server = "https://${registry.host}"\n${text}`);
  write('');
  const image = makeImage({layers: ['tls']});
  await refused(t, 'unknown', pushed(on, image, reference, {resolver}), /certificate|issuer/);
  write(`ca = "${files.ca}"\n[header]\nX-One = ["a", "b"]\n`);
  const end = {resolver};
  await transfer(on.ctx, on.client, {
    source: {type: 'store', store: {name: reference}},
    destination: {type: 'registry', reference, ...end},
  });
  await pull(on, reference, end);
  t.true(await isWhole(on, image));
  write('skip_verify = true\n');
  await pull(on, reference, end);
  write('skip_verify = 1\n');
  await refused(t, 'invalid-argument', pull(on, reference, end), /"skip_verify" must be true or false/);
});

test('basic authentication: right, wrong and no password', async t => {
  const on = scene(t);
  const directory = tempDir(t);
  // "secret"
  writeFileSync(join(directory, 'htpasswd'), 'me:$2b$04$2lap60/m/TSRnwtn1FSw5.1y/hzYrBJma99x9/JyYz1lhUOijycsu\n');
  const auth = {htpasswd: {realm: 'test', path: join(directory, 'htpasswd')}};
  await using registry = await startRegistry({auth});
  const reference = `${registry.host}/private/x:1`;
  const asked: string[] = [];
  const credentials = async (host: string) => {
    asked.push(host);
    return {username: 'me', password: 'secret'};
  };
  const image = makeImage({layers: ['basic']});
  await pushed(on, image, reference, {credentials});
  t.deepEqual(asked, [registry.host], 'once for all requests');
  await pull(on, reference, {credentials});
  t.true(await isWhole(on, image));
  const wrong = async () => ({username: 'me', password: 'wrong'});
  await refused(t, 'unauthenticated', pull(on, reference, {credentials: wrong}), /^failed to resolve image: /);
  await refused(t, 'unauthenticated', pull(on, reference, {credentials: async () => undefined}));
  await refused(t, 'unauthenticated', pull(on, reference));
});

test('tokens: by password and by refresh token, for pull and push', async t => {
  const on = scene(t);
  const files = makeCertificates(tempDir(t));
  await using tokens = await startTokenServer({...files, user: 'me', password: 'secret', refreshToken: 'again'});
  await using registry = await startRegistry({auth: tokens.auth});
  const reference = `${registry.host}/team/x:1`;
  const image = makeImage({layers: ['token']});
  await pushed(on, image, reference, {credentials: async () => ({username: 'me', password: 'secret'})});
  await pull(on, reference, {credentials: async () => ({identityToken: 'again'})});
  t.true(await isWhole(on, image));
  t.true(tokens.scopes.includes('GET repository:team/x:pull,push'), tokens.scopes.join());
  t.true(tokens.scopes.includes('POST repository:team/x:pull'), tokens.scopes.join());
  const wrong = async () => ({identityToken: 'stolen'});
  await refused(t, 'unauthenticated', pull(on, reference, {credentials: wrong}), /wrong password/);
});

test('mirrors of hosts.toml: in order, by capability, told which registry; pushes go to the registry', async t => {
  const on = scene(t);
  await using registry = await startRegistry();
  const port = Number(registry.host.split(':')[1]);
  const asked: string[] = [];
  const agents = new Set<string | undefined>();
  // The first mirror has nothing but notes what it is asked for.
  const empty = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    agents.add(request.headers['user-agent']);
    response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(empty, 'listening');
  t.teardown(() => empty.closeAllConnections());
  t.teardown(() => empty.close());
  const hosts = tempDir(t);
  mkdirSync(join(hosts, 'reg.example.com'));
  const mirror = `http://127.0.0.1:${(empty.address() as AddressInfo).port}`;
  const text = [
    `server = "http://${registry.host}"`,
    ...[`[host."${mirror}/deep"]`, 'capabilities = ["pull", "resolve"]'],
    ...[`[host."http://127.0.0.1:1"]`, 'capabilities = ["pull"]', 'dial_timeout = "2s"'],
    ...[`[host."http://localhost:${port}/v2"]`, 'capabilities = ["pull", "resolve"]', 'override_path = true'],
  ];
  writeFileSync(join(hosts, 'reg.example.com/hosts.toml'), text.join('\n'));
  const reference = 'reg.example.com/app/x:1';
  const resolver = {hostDir: hosts, headers: {'User-Agent': 'me/1'}};
  const image = makeImage({layers: ['mirrored']});
  await pushed(on, image, reference, {resolver});
  t.deepEqual(asked, []);
  await pull(on, reference, {resolver});
  t.true(await isWhole(on, image));
  t.deepEqual([...agents], ['me/1']);
  const headers = {bad: 'a\nb'};
  await refused(t, 'invalid-argument', pull(on, reference, {resolver: {...resolver, headers}}), /bad header "bad"/);
  t.is(asked[0], 'GET /deep/v2/app/x/manifests/1?ns=reg.example.com');
  t.true(asked.includes(`GET /deep/v2/app/x/blobs/${image.layers[0]?.digest}?ns=reg.example.com`));
});

test('a connection that breaks is resumed where it broke, and so is a pull that was given up', async t => {
  const on = scene(t);
  await using registry = await startRegistry();
  await using proxy = await startShakyProxy(registry.host);
  const image = makeImage({layers: [randomBytes(6 << 20).toString('base64'), 'small']});
  const size = image.layers[0]?.size ?? 0;
  await pushed(on, image, `${registry.host}/big:1`);
  Object.assign(proxy, {cutAfter: size / 4, maxCuts: 3});
  const reference = `${proxy.host}/big:1`;
  await pull(on, reference);
  t.is(proxy.cuts, 3);
  t.true(await isWhole(on, image));
  t.true(proxy.bytes < size * 1.6, `${proxy.bytes} bytes for a layer of ${size}`);
  // Given up by the client in the middle.
  const {client} = on;
  const third = callContext({namespace: `t${++count}`});
  Object.assign(proxy, {maxCuts: 0, hangAfter: size / 2});
  const abort = new AbortController();
  const ends = {source: {type: 'registry', reference} as const, destination: toStore(reference)};
  const first = transfer(withSignal(third, abort.signal), client, ends);
  first.catch(() => {});
  for (let offset = 0n; offset < size / 4; await new Promise(resolve => setTimeout(resolve, 20))) {
    const {statuses} = await client.content.listStatuses(third, {});
    offset = statuses.find(({ref}) => ref.startsWith('layer-'))?.offset ?? 0n;
  }
  abort.abort(new Error('enough'));
  await t.throwsAsync(first, {message: 'enough'});
  Object.assign(proxy, {bytes: 0, hangAfter: Number.POSITIVE_INFINITY});
  await transfer(third, client, ends);
  t.true(proxy.bytes < size * 0.8, `${proxy.bytes} bytes more for a layer of ${size}`);
  t.deepEqual(await client.leases.list(third, {}), {leases: []});
  t.is((await Array.fromAsync(walkContent(third, client, image.target))).length, image.blobs.length);
});

test('an index: one platform with the metadata of all, all platforms, a limit, and none that fits', async t => {
  const on = scene(t);
  const {client} = on;
  await using registry = await startRegistry();
  const [amd64, arm64] = [makeImage({layers: ['amd']}), makeImage({architecture: 'arm64', layers: ['arm']})];
  const index = makeIndex({amd64, arm64});
  const reference = `${registry.host}/multi:1`;
  await pushed(on, index, reference);
  const has = async (image: TestImage, ctx: CallContext) => {
    const [layer] = image.layers;
    const sizes = [image.target, layer].map(blob => contentSize(ctx, client, blob?.digest ?? ''));
    return (await Promise.all(sizes)).map(size => size !== undefined);
  };
  const next = () => callContext({namespace: `t${++count}`});
  const fetched = async (store: object, extra: object = {}) => {
    const ctx = next();
    const source: TransferEnd = {type: 'registry', reference};
    await transfer(ctx, client, {source, destination: {type: 'store', store: {name: reference, ...store, ...extra}}});
    return [await has(amd64, ctx), await has(arm64, ctx)];
  };
  t.deepEqual(await fetched({platforms: [linux], unpacks}), [
    [true, true],
    [false, false],
  ]);
  t.deepEqual(await fetched({platforms: [linux], unpacks, allMetadata: true}), [
    [true, true],
    [true, false],
  ]);
  t.deepEqual(await fetched({}), [
    [true, true],
    [true, true],
  ]);
  t.deepEqual(await fetched({manifestLimit: 1}), [
    [true, true],
    [false, false],
  ]);
  const s390x = {os: 'linux', architecture: 's390x'};
  await refused(t, 'not-found', fetched({platforms: [s390x]}), /no matching manifest for linux\/s390x/);
  await refused(t, 'not-found', fetched({unpacks: [{platform: s390x}]}));
});

test('archives out and in, by names and digests, as an index, and echoed', async t => {
  const on = scene(t);
  const {client, ctx, other} = on;
  const image = makeImage({layers: ['x'.repeat(3 << 20), 'two']});
  await named(on, image, 'docker.io/library/box:1');
  const parts: Uint8Array[] = [];
  const write = async (bytes: AsyncIterable<Uint8Array>) => {
    for await (const part of bytes) parts.push(Buffer.from(part));
  };
  const source: TransferEnd = {type: 'store', store: {extraReferences: [{name: 'docker.io/library/box:1'}]}};
  const steps: string[] = [];
  const onProgress = ({event, name}: Progress) => steps.push(`${event} ${name}`.trim());
  await transfer(ctx, client, {source, destination: {type: 'export', write}, onProgress});
  t.deepEqual(steps, ['Exporting', 'Completed export']);
  const archive = Buffer.concat(parts);
  steps.length = 0;
  const prefix = {isPrefix: true, allowOverwrite: true, addDigest: true};
  await transfer(other, client, {
    source: {type: 'import', bytes: pieces(archive)},
    destination: {
      type: 'store',
      store: {name: 'all:in-one', labels: {a: 'b'}, extraReferences: [{name: 'mine', ...prefix}], unpacks},
    },
    onProgress,
  });
  const byDigest = `mine@${image.target.digest}`;
  t.deepEqual(steps, [
    ...['Importing', 'saved all:in-one', 'saved docker.io/library/box:1', `saved ${byDigest}`, 'Completed import'],
  ]);
  const records = await listImages(other, client);
  t.deepEqual(records.map(({name}) => name).sort(), ['all:in-one', 'docker.io/library/box:1', byDigest]);
  t.true(records.every(({labels}) => labels.a === 'b'));
  await client.snapshots.stat(other, {snapshotter: 'overlayfs', key: image.chainId});
  const indexed = records.find(({name}) => name === 'all:in-one')?.target;
  t.is(indexed?.mediaType, 'application/vnd.oci.image.index.v1+json');
  const echoed: Uint8Array[] = [];
  await transfer(ctx, client, {
    source: {type: 'import', bytes: pieces(archive)},
    destination: {
      type: 'export',
      write: async bytes => {
        for await (const part of bytes) echoed.push(Buffer.from(part));
      },
    },
  });
  t.true(Buffer.concat(echoed).equals(archive));
  await refused(
    t,
    'invalid-argument',
    transfer(other, client, {source: {type: 'import', bytes: pieces(randomBytes(1 << 20))}, destination: toStore('q')}),
  );
});

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
}

test('an export that misses a layer fails; a file that cannot be written ends the transfer', async t => {
  const on = scene(t);
  const {client, ctx} = on;
  const image = makeImage({layers: [randomBytes(2 << 20).toString('hex'), 'b']});
  await named(on, image, 'whole:1');
  const source: TransferEnd = {type: 'store', store: {name: 'whole:1'}};
  const full = async () => {
    throw new Error('disk full');
  };
  await t.throwsAsync(transfer(ctx, client, {source, destination: {type: 'export', write: full}}), {
    message: 'disk full',
  });
  await client.content.delete(ctx, {digest: image.layers[0]?.digest ?? ''});
  const drain = async (bytes: AsyncIterable<Uint8Array>) => {
    for await (const _ of bytes);
  };
  await refused(t, 'not-found', transfer(ctx, client, {source, destination: {type: 'export', write: drain}}));
  const broken = async function* () {
    yield Buffer.alloc(1000);
    throw new Error('cannot read');
  };
  const destination = toStore('never');
  const error = await t.throwsAsync(transfer(ctx, client, {source: {type: 'import', bytes: broken()}, destination}));
  t.is(error?.message, 'cannot read');
});

test('a tag is a further name, and what is not there is not found', async t => {
  const on = scene(t);
  const {client, ctx} = on;
  const image = makeImage({layers: ['tag']});
  await named(on, image, 'first:1');
  const tag = (from: string, store: object) =>
    transfer(ctx, client, {source: {type: 'store', store: {name: from}}, destination: {type: 'store', store}});
  await tag('first:1', {name: 'second:1', labels: {x: 'y'}, extraReferences: [{name: 'third:1'}]});
  t.deepEqual((await listImages(ctx, client)).map(({name}) => name).sort(), ['first:1', 'second:1', 'third:1']);
  await refused(t, 'not-found', tag('nosuch:1', {name: 'x:1'}), /image "nosuch:1": not found/);
  await refused(t, 'not-found', tag('first:1', {}), /no image name found/);
  const nowhere: TransferEnd = {type: 'registry', reference: '127.0.0.1:1/x:1'};
  await refused(
    t,
    'unknown',
    transfer(ctx, client, {source: nowhere, destination: toStore('x')}),
    /^failed to resolve image: .*ECONNREFUSED/,
  );
  await using registry = await startRegistry();
  await refused(
    t,
    'not-found',
    pull(on, `${registry.host}/no/such:1`),
    /^failed to resolve image: .*\/no\/such:1: not found$/,
  );
});

test('what cannot be transferred, and streams that are not there or there already', async t => {
  const on = scene(t);
  const {client, ctx} = on;
  const registry = packAny(
    'containerd.types.transfer.OCIRegistry',
    {encode: () => ({finish: () => new Uint8Array()})} as never,
    {},
  );
  const unknown = {typeUrl: 'example.com/some.Thing', value: Buffer.alloc(0)};
  const call = (source: object | undefined, destination: object | undefined, progressStream = '') =>
    client.transfer.transfer(ctx, {source, destination, options: {progressStream}});
  await refused(
    t,
    'unimplemented',
    call(registry, registry),
    /unable to transfer from OCI Registry \(\) to OCI Registry/,
  );
  await refused(t, 'unimplemented', call(unknown, registry), /not implemented for example.com\/some.Thing to/);
  await refused(t, 'invalid-argument', call(undefined, registry));
  await refused(t, 'not-found', call(registry, registry, 'nosuch'), /stream "nosuch"/);
  const garbage = {typeUrl: 'types.googleapis.com/containerd.types.transfer.ImageStore', value: Buffer.from([255])};
  await refused(t, 'invalid-argument', call(garbage, registry), /cannot decode/);
  await using one = await openStream(ctx, client, 'one');
  using channel = openChannel(client.address);
  const again = makeClient(channel, StreamingDefinition).stream(ctx);
  await again.write(
    packAny(
      'x',
      {encode: () => ({finish: () => Buffer.concat([Buffer.from([10, one.id.length]), Buffer.from(one.id)])})} as never,
      {},
    ),
  );
  await refused(t, 'invalid-argument', again.responses.next(), /instead of/);
});

test('no more layers at once than the configuration allows, and each as it was', async t => {
  const on = scene(t);
  await using registry = await startRegistry();
  await using proxy = await startShakyProxy(registry.host);
  const layers = Array.from({length: 8}, () => randomBytes(300_000).toString('base64'));
  const image = makeImage({layers});
  await pushed(on, image, `${registry.host}/many:1`);
  let most = 0;
  const running = new Set<string>();
  const onProgress = ({event, name}: Progress) => {
    if (!name.startsWith('layer-')) return;
    if (event === 'downloading') running.add(name);
    if (event === 'complete') running.delete(name);
    most = Math.max(most, running.size);
  };
  const reference = `${proxy.host}/many:1`;
  const ends = {source: {type: 'registry', reference} as const, destination: toStore(reference)};
  await transfer(on.other, on.client, {...ends, onProgress});
  t.true(most <= 3, `${most} at once`);
  t.true(await isWhole(on, image));
  const logged: string[] = [];
  const log = (text: string) => logged.push(text);
  const resolver = {httpDebug: HTTPDebug.BOTH};
  await pull(on, reference, {resolver, log});
  t.regex(logged.join(''), /^GET \/v2\/many\/manifests\/1 HTTP\/1\.1$/m);
  t.regex(logged.join(''), /^HTTP\/1\.1 200 OK$/m);
  t.regex(logged.join(''), /connected to 127\.0\.0\.1:/);
});

test('a collection in the middle of a pull takes nothing of it', async t => {
  const on = scene(t);
  const {client, other} = on;
  await using registry = await startRegistry();
  const image = makeImage({layers: [randomBytes(4 << 20).toString('base64'), 'after']});
  await pushed(on, image, `${registry.host}/gc:1`);
  let collections = 0;
  let running: Promise<unknown> = Promise.resolve();
  const onProgress = ({event}: Progress) => {
    if (event !== 'downloading' && event !== 'complete') return;
    running = running.then(async () => {
      const {digest, size} = await writeBlob(other, client, randomBytes(100));
      await client.images.create(other, {
        image: {name: `x${++collections}`, target: {mediaType: 'm', digest, size, annotations: {}}},
      });
      await deleteImage(other, client, `x${collections}`, {sync: true});
    });
  };
  const reference = `${registry.host}/gc:1`;
  await transfer(other, client, {source: {type: 'registry', reference}, destination: toStore(reference), onProgress});
  await running;
  t.true(collections > 1);
  t.true(await isWhole(on, image));
});
