import {execFileSync, spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {callContext, withSignal} from '@longshore/base';
import {codeOf, type ErrorCode} from '@longshore/errdefs';
import test, {type ExecutionContext} from 'ava';
import {digestOf} from '../digest.ts';
import {mediaTypes} from '../media-types.ts';
import {parseReference, type Reference, withDefaultTag} from '../reference.ts';
import {loadHostCertificates} from './certificates.ts';
import {parseChallenges} from './challenge.ts';
import {isInsecure} from './endpoints.ts';
import {answer, FakeRegistry, type FakeRegistryOptions} from './fake-registry.ts';
import {openRegistry, type RegistryOptions} from './registry.ts';

const ctx = callContext();

async function start(t: ExecutionContext, options: FakeRegistryOptions = {}, client: RegistryOptions = {}) {
  const server = await new FakeRegistry(options).start();
  const registry = openRegistry(client);
  t.teardown(async () => {
    registry[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });
  const reference = (name: string): Reference => withDefaultTag(parseReference(`${server.host}/${name}`));
  return {server, registry, reference};
}

function tempDir(t: ExecutionContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'ls-reg-'));
  t.teardown(() => rmSync(dir, {recursive: true}));
  return dir;
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

async function* pieces(bytes: Buffer, offset = 0) {
  for (let at = offset; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
}

const refused = async (t: ExecutionContext, code: ErrorCode, action: Promise<unknown>, message?: RegExp) => {
  const error = await t.throwsAsync(action, message && {message});
  t.is(codeOf(error), code, error?.message);
};

const manifest = {schemaVersion: 2, mediaType: mediaTypes.ociManifest, layers: []};

test('the tags of a repository, over several pages', async t => {
  const pages: Record<string, [string, string?]> = {
    '/v2/a/b/tags/list': ['{"name":"a/b","tags":["1","2"]}', '</v2/a/b/tags/list?last=2&n=2>; rel="next"'],
    '/v2/a/b/tags/list?last=2&n=2': ['{"name":"a/b","tags":["3"]}'],
    '/v2/none/tags/list': ['{"name":"none","tags":null}'],
    '/v2/bad/tags/list': ['{"tags":[1]}'],
  };
  const {registry, reference} = await start(t, {
    intercept(request, response) {
      const [text, link] = pages[request.url ?? ''] ?? [];
      if (text === undefined) return false;
      if (link) response.setHeader('link', link);
      answer(response, 200, text);
      return true;
    },
  });
  t.deepEqual(await registry.tags(ctx, reference('a/b')), ['1', '2', '3']);
  t.deepEqual(await registry.tags(ctx, reference('none')), []);
  await refused(t, 'data-loss', registry.tags(ctx, reference('bad')), /list of tags of .*\/bad is malformed/);
  await refused(t, 'not-found', registry.tags(ctx, reference('missing')));
});

test('a tag is resolved, over plain HTTP on loopback, and a digest checked', async t => {
  const {server, registry, reference} = await start(t);
  const digest = server.putManifest('latest', mediaTypes.ociManifest, manifest);
  const found = await registry.resolve(ctx, reference('a/b'));
  t.deepEqual(found.descriptor, {mediaType: mediaTypes.ociManifest, digest, size: found.bytes.length});
  t.deepEqual(await registry.manifest(ctx, reference('a/b'), found.descriptor), found.bytes);
  t.deepEqual(server.requests, ['GET /v2/a/b/manifests/latest', `GET /v2/a/b/manifests/${digest}`]);
  await refused(t, 'not-found', registry.resolve(ctx, reference('a/b:x')), /^manifest unknown$/);
  const other = digestOf('other');
  server.manifests.set(other, {type: mediaTypes.ociManifest, bytes: Buffer.from('{}')});
  await refused(t, 'data-loss', registry.resolve(ctx, reference(`a/b@${other}`)), /has digest/);
});

test('requests side by side find out together that there is no TLS', async t => {
  const {server, registry, reference} = await start(t);
  server.putManifest('latest', mediaTypes.ociManifest, manifest);
  const all = await Promise.all(Array.from({length: 8}, () => registry.resolve(ctx, reference('a/b'))));
  t.is(new Set(all.map(found => found.descriptor.digest)).size, 1);
});

test('a media type that says nothing is taken from the document', async t => {
  const {server, registry, reference} = await start(t);
  const resolve = async (type: string, document: unknown) => {
    server.putManifest('latest', type, document);
    return (await registry.resolve(ctx, reference('x'))).descriptor.mediaType;
  };
  t.is(
    await resolve('application/json; charset=utf-8', {...manifest, mediaType: mediaTypes.dockerManifest}),
    mediaTypes.dockerManifest,
  );
  t.is(await resolve('text/plain', {manifests: []}), mediaTypes.ociIndex);
  t.is(await resolve(`${mediaTypes.dockerIndex}; charset=utf-8`, {}), mediaTypes.dockerIndex);
});

test('tokens are fetched once per scope, and again when they are used up', async t => {
  const {server, registry, reference} = await start(t, {auth: 'bearer'});
  server.putManifest('latest', mediaTypes.ociManifest, manifest);
  const blob = server.putBlob(Buffer.from('hello'));
  await registry.resolve(ctx, reference('a/b'));
  t.is((await collect(registry.blob(ctx, reference('a/b'), blob))).toString(), 'hello');
  t.is(server.tokensIssued, 1);
  t.true(server.requests.includes('GET /token?service=fake%2C+%22quoted%22&scope=repository%3Aa%2Fb%3Apull'));
  server.tokensIssued++; // the server forgets the token
  await registry.resolve(ctx, reference('a/b'));
  t.is(server.tokensIssued, 3);
});

test('user and password go to the token server, an identity token too', async t => {
  const users = {bob: 'secret'};
  const options = {auth: 'bearer', users} as const;
  const bob = await start(t, options, {credentials: async () => ({username: 'bob', password: 'secret'})});
  bob.server.putManifest('latest', mediaTypes.ociManifest, manifest);
  await bob.registry.resolve(ctx, bob.reference('x'));
  t.true(bob.server.requests.some(line => line.startsWith('GET /token') && line.includes('account=bob')));
  const eve = await start(t, options, {credentials: async () => ({username: 'bob', password: 'wrong'})});
  await refused(t, 'unauthenticated', eve.registry.resolve(ctx, eve.reference('x')), /incorrect username or password/);
  const token = await start(t, options, {credentials: async () => ({identityToken: 'identity'})});
  token.server.putManifest('latest', mediaTypes.ociManifest, manifest);
  await token.registry.resolve(ctx, token.reference('x'));
  t.true(token.server.requests.includes('POST /token'));
  const anonymous = await start(t, options);
  await refused(t, 'unauthenticated', anonymous.registry.resolve(ctx, anonymous.reference('x')));
  t.true(anonymous.server.requests.length <= 3, 'no endless tries');
});

test('basic authentication', async t => {
  const options = {auth: 'basic', users: {bob: 'secret'}} as const;
  const {server, registry, reference} = await start(t, options, {
    credentials: async () => ({username: 'bob', password: 'secret'}),
  });
  server.putManifest('latest', mediaTypes.ociManifest, manifest);
  await registry.resolve(ctx, reference('x'));
  const anonymous = await start(t, options);
  await refused(t, 'unauthenticated', anonymous.registry.resolve(ctx, anonymous.reference('x')), /no basic auth/);
});

test('a login gives an identity token where there is one', async t => {
  const users = {bob: 'secret'};
  const bearer = await start(t, {auth: 'bearer', users});
  const good = {username: 'bob', password: 'secret'};
  t.deepEqual(await bearer.registry.login(ctx, bearer.server.host, good), {identityToken: 'identity'});
  await refused(t, 'unauthenticated', bearer.registry.login(ctx, bearer.server.host, {...good, password: 'x'}));
  const basic = await start(t, {auth: 'basic', users});
  t.deepEqual(await basic.registry.login(ctx, basic.server.host, good), {});
  await refused(t, 'unauthenticated', basic.registry.login(ctx, basic.server.host, {...good, password: 'x'}));
  const open = await start(t);
  t.deepEqual(await open.registry.login(ctx, open.server.host, good), {});
});

test('a redirect to another host does not carry the token', async t => {
  const storage = await start(t);
  const bytes = randomBytes(100_000);
  const blob = storage.server.putBlob(bytes);
  const {server, registry, reference} = await start(t, {auth: 'bearer'});
  server.options.intercept = (request, response) => {
    if (!request.url?.includes('/blobs/') || !request.headers.authorization) return false;
    response.setHeader('location', `http://${storage.server.host}${request.url}`);
    answer(response, 307);
    return true;
  };
  t.true((await collect(registry.blob(ctx, reference('x'), blob))).equals(bytes));
  t.deepEqual(storage.server.authorizations, [undefined]);
  server.options.intercept = (request, response) => {
    response.setHeader('location', request.url ?? '');
    answer(response, 307);
    return true;
  };
  await refused(t, 'failed-precondition', collect(registry.blob(ctx, reference('x'), blob)), /too many redirects/);
});

test('a broken download goes on where it broke', async t => {
  const {server, registry, reference} = await start(t);
  const bytes = randomBytes(300_000);
  const blob = server.putBlob(bytes);
  let breaks = 3;
  server.options.intercept = (request, response) => {
    if (!request.url?.includes('/blobs/') || breaks-- <= 0) return false;
    const from = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
    response.setHeader('content-length', bytes.length - from);
    if (from > 0) response.setHeader('content-range', `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
    response.writeHead(from > 0 ? 206 : 200);
    response.write(bytes.subarray(from, from + 70_000), () => setTimeout(() => response.destroy(), 20));
    return true;
  };
  t.true((await collect(registry.blob(ctx, reference('x'), blob))).equals(bytes));
  t.is(server.requests.length, 4);
  t.true((await collect(registry.blob(ctx, reference('x'), blob, 123_456))).equals(bytes.subarray(123_456)));
});

test('a server without ranges, one with another range, one that sends too much', async t => {
  const {server, registry, reference} = await start(t);
  const bytes = randomBytes(50_000);
  const blob = server.putBlob(bytes);
  server.options.intercept = (_request, response) => {
    answer(response, 200, bytes);
    return true;
  };
  t.true((await collect(registry.blob(ctx, reference('x'), blob, 20_000))).equals(bytes.subarray(20_000)));
  await refused(t, 'data-loss', collect(registry.blob(ctx, reference('x'), {...blob, size: 40_000})), /more than/);
});

test('a busy registry is asked again, a broken answer is an error in the end', async t => {
  const {server, registry, reference} = await start(t);
  server.putManifest('latest', mediaTypes.ociManifest, manifest);
  let busy = 2;
  server.options.intercept = (_request, response) => {
    if (busy-- <= 0) return false;
    answer(response, 503, 'busy');
    return true;
  };
  await registry.resolve(ctx, reference('x'));
  t.is(server.requests.length, 3);
  server.options.intercept = (_request, response) => {
    answer(response, 403, '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}');
    return true;
  };
  const denied = /^denied: requested access to the resource is denied$/;
  await refused(t, 'permission-denied', registry.resolve(ctx, reference('x')), denied);
  server.options.intercept = (_request, response) => {
    answer(response, 418, '<html>teapot</html>');
    return true;
  };
  await refused(t, 'unknown', registry.resolve(ctx, reference('x')), /^unexpected status from GET http:.*: 418$/);
  server.options.intercept = (_request, response) => {
    response.end(Buffer.alloc(9 << 20, 0x20));
    return true;
  };
  await refused(t, 'out-of-range', registry.resolve(ctx, reference('x')), /more than/);
});

test('nobody at the port, and a caller that gives up', async t => {
  const {server, registry, reference} = await start(t);
  const gone = openRegistry();
  await refused(t, 'unavailable', gone.resolve(ctx, withDefaultTag(parseReference('127.0.0.1:1/x'))), /ECONNREFUSED/);
  server.options.intercept = () => true; // never answers
  const abort = new AbortController();
  const call = registry.resolve(withSignal(ctx, abort.signal), reference('x'));
  setTimeout(() => abort.abort(), 50);
  await refused(t, 'canceled', call);
});

test('blobs and manifests are pushed, mounted, and not sent twice', async t => {
  const {server, registry, reference} = await start(t, {auth: 'bearer'});
  const bytes = randomBytes(100_000);
  const blob = {mediaType: mediaTypes.ociLayer, digest: digestOf(bytes), size: bytes.length};
  const source = (offset: number) => pieces(bytes, offset);
  t.is(await registry.pushBlob(ctx, reference('a'), blob, source), 'uploaded');
  t.true(server.blobs.get(blob.digest)?.equals(bytes));
  t.is(await registry.pushBlob(ctx, reference('a'), blob, source), 'exists');
  server.options.intercept = (request, response) => {
    if (request.method !== 'HEAD') return false;
    answer(response, 404);
    return true;
  };
  t.is(await registry.pushBlob(ctx, reference('b'), blob, source, {mountFrom: 'a'}), 'mounted');
  server.options = {auth: 'bearer'};
  const other = randomBytes(65_537);
  const second = {...blob, digest: digestOf(other), size: other.length};
  const chunked = await registry.pushBlob(ctx, reference('a'), second, () => pieces(other), {chunkBytes: 20_000});
  t.is(chunked, 'uploaded');
  t.is(server.requests.filter(line => line.startsWith('PATCH')).length, 4);
  const document = Buffer.from(JSON.stringify(manifest));
  const described = {mediaType: mediaTypes.ociManifest, digest: digestOf(document), size: document.length};
  await registry.pushManifest(ctx, reference('a:1'), described, document);
  t.is(server.manifests.get('1')?.type, mediaTypes.ociManifest);
  const lying = {...blob, digest: digestOf('other')};
  await refused(t, 'invalid-argument', registry.pushBlob(ctx, reference('a'), lying, source), /digest invalid/);
});

test('a push that breaks starts again', async t => {
  const {server, registry, reference} = await start(t);
  const bytes = randomBytes(200_000);
  const blob = {mediaType: mediaTypes.ociLayer, digest: digestOf(bytes), size: bytes.length};
  let breaks = 2;
  server.options.intercept = (request, response) => {
    if (request.method !== 'PUT' || breaks-- <= 0) return false;
    request.once('data', () => response.destroy());
    return true;
  };
  t.is(await registry.pushBlob(ctx, reference('a'), blob, offset => pieces(bytes, offset)), 'uploaded');
  t.is(server.requests.filter(line => line.startsWith('POST')).length, 3);
});

function makeCertificates(dir: string): {ca: string; cert: string; key: string} {
  const openssl = (...args: string[]) => execFileSync('openssl', args, {cwd: dir, stdio: 'pipe'});
  openssl(...'req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=ca'.split(' '));
  openssl(...'req -newkey rsa:2048 -nodes -keyout s.key -out s.csr -subj /CN=localhost'.split(' '));
  writeFileSync(join(dir, 'ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  openssl(...'x509 -req -in s.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out s.crt -days 2 -extfile ext'.split(' '));
  const read = (name: string) => readFileSync(join(dir, name), 'utf8');
  return {ca: read('ca.crt'), cert: read('s.crt'), key: read('s.key')};
}

test('TLS: verified by hosts.toml, unverified on loopback', async t => {
  const dir = tempDir(t);
  const {ca, ...tls} = makeCertificates(dir);
  const {server, registry, reference} = await start(t, {tls, auth: 'bearer'});
  server.putManifest('latest', mediaTypes.ociManifest, manifest);
  await registry.resolve(ctx, reference('x')); // 127.0.0.1: no verification
  const port = server.host.split(':')[1];
  const hosts = join(dir, 'hosts/example.com');
  mkdirSync(hosts, {recursive: true});
  writeFileSync(join(hosts, 'ca.pem'), ca);
  const example = {domain: 'example.com', path: 'x', tag: 'latest'};
  const bare = `server = "https://localhost:${port}"\n`;
  writeFileSync(join(hosts, 'hosts.toml'), bare);
  await refused(t, 'unavailable', openRegistry({hostsDir: join(dir, 'hosts')}).resolve(ctx, example), /certificate/);
  const toml = `${bare}[host."https://localhost:${port}"]\ncapabilities = ["pull", "resolve"]\nca = "ca.pem"\n`;
  writeFileSync(join(hosts, 'hosts.toml'), toml);
  using mirrored = openRegistry({hostsDir: join(dir, 'hosts')});
  t.is((await mirrored.resolve(ctx, example)).host, `localhost:${port}`);
  writeFileSync(join(hosts, 'hosts.toml'), `${toml}typo = 1\n`);
  await refused(
    t,
    'invalid-argument',
    openRegistry({hostsDir: join(dir, 'hosts')}).resolve(ctx, example),
    /unknown key "typo"/,
  );
});

test('certificates of a host in certs.d', async t => {
  const dir = tempDir(t);
  t.deepEqual(await loadHostCertificates(dir, 'h:5000'), {});
  mkdirSync(join(dir, 'h:5000'));
  writeFileSync(join(dir, 'h:5000/ca.crt'), 'CA');
  writeFileSync(join(dir, 'h:5000/client.cert'), 'CERT');
  await refused(t, 'invalid-argument', loadHostCertificates(dir, 'h:5000'), /missing key client.key/);
  writeFileSync(join(dir, 'h:5000/client.key'), 'KEY');
  const {ca, ...pair} = await loadHostCertificates(dir, 'h:5000');
  t.deepEqual(pair, {cert: 'CERT', key: 'KEY'});
  t.is(ca?.at(-1), 'CA');
  t.true((ca?.length ?? 0) > 50, 'the system trusts stay');
  rmSync(join(dir, 'h:5000/client.cert'));
  await refused(t, 'invalid-argument', loadHostCertificates(dir, 'h:5000'), /missing client certificate client.cert/);
});

test('mirrors of Docker Hub are tried first, and the next one when they fail', async t => {
  const good = await start(t);
  good.server.putManifest('latest', mediaTypes.ociManifest, manifest);
  const bad = await start(t);
  using registry = openRegistry({mirrors: [`http://${bad.server.host}`, `http://${good.server.host}/`]});
  const found = await registry.resolve(ctx, withDefaultTag(parseReference('busybox')));
  t.is(found.host, good.server.host);
  t.deepEqual(bad.server.requests, ['GET /v2/library/busybox/manifests/latest']);
});

test('credentials are not sent to a token server without TLS', async t => {
  const dir = tempDir(t);
  const {ca: _ca, ...tls} = makeCertificates(dir);
  const thief: string[] = [];
  const plain = http.createServer((request, response) => {
    thief.push(request.headers.authorization ?? '');
    response.end('{"token":"x"}');
  });
  await new Promise<void>(resolve => plain.listen(0, '127.0.0.1', resolve));
  t.teardown(() => plain.close());
  const port = (plain.address() as {port: number}).port;
  const credentials = async () => ({username: 'bob', password: 'secret'});
  const {registry, reference} = await start(
    t,
    {
      tls,
      intercept: (_request, response) => {
        response.setHeader('www-authenticate', `Bearer realm="http://127.0.0.1:${port}/token"`);
        answer(response, 401);
        return true;
      },
    },
    {credentials},
  );
  await refused(t, 'unauthenticated', registry.resolve(ctx, reference('x')), /without TLS/);
  t.deepEqual(thief, []);
});

test('challenges', t => {
  t.deepEqual(parseChallenges('Bearer realm="https://a/t",service="s",scope="repository:a/b:pull,push"'), [
    {scheme: 'bearer', parameters: {realm: 'https://a/t', service: 's', scope: 'repository:a/b:pull,push'}},
  ]);
  t.deepEqual(
    parseChallenges('Basic realm=x, Bearer realm="y"')
      .map(c => c.scheme)
      .at(0),
    'basic',
  );
  for (const bad of ['', 'Bearer', 'Bearer realm="', '= = =', 'Bearer realm="\\"'])
    t.notThrows(() => parseChallenges(bad));
});

test('which hosts need no verified TLS', t => {
  const configured = ['my.reg:5000', '10.0.0.0/8', 'fd00::/8'];
  for (const host of [
    '127.0.0.1',
    '127.9.9.9:5000',
    'localhost:5000',
    '[::1]:5000',
    'my.reg:5000',
    '10.1.2.3:80',
    '[fd00::1]',
  ]) {
    t.true(isInsecure(host, configured), host);
  }
  for (const host of ['128.0.0.1', 'my.reg', 'my.reg:5001', '11.0.0.1', 'localhost.evil.com', '[fe80::1]']) {
    t.false(isInsecure(host, configured), host);
  }
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as {port: number};
  await new Promise(resolve => server.close(resolve));
  return port;
}

const original = '/usr/bin/docker-registry';
(existsSync(original) ? test : test.skip)("push and pull with Debian's docker-registry", async t => {
  const dir = tempDir(t);
  const host = `127.0.0.1:${await freePort()}`;
  writeFileSync(
    join(dir, 'config.yml'),
    `version: 0.1\nstorage: {filesystem: {rootdirectory: ${dir}/data}, delete: {enabled: true}}\nhttp: {addr: "${host}"}\n`,
  );
  const child = spawn(original, ['serve', join(dir, 'config.yml')], {stdio: 'ignore'});
  t.teardown(() => child.kill('SIGKILL'));
  using registry = openRegistry();
  const reference = parseReference(`${host}/some/image:1`);
  for (let i = 0; i < 100; i++) {
    const code = await registry.resolve(ctx, reference).catch(codeOf);
    if (code === 'not-found') break;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  const layer = randomBytes(3_000_000);
  const config = Buffer.from('{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}');
  const describe = (mediaType: string, bytes: Buffer) => ({mediaType, digest: digestOf(bytes), size: bytes.length});
  const layerDescriptor = describe(mediaTypes.ociLayer, layer);
  const configDescriptor = describe(mediaTypes.ociConfig, config);
  t.is(await registry.pushBlob(ctx, reference, layerDescriptor, offset => pieces(layer, offset)), 'uploaded');
  const chunked = {chunkBytes: 1 << 20};
  const other = parseReference(`${host}/other:1`);
  t.is(await registry.pushBlob(ctx, other, configDescriptor, () => pieces(config), chunked), 'uploaded');
  t.is(
    await registry.pushBlob(ctx, reference, configDescriptor, () => pieces(config), {mountFrom: 'other'}),
    'mounted',
  );
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: configDescriptor,
    layers: [layerDescriptor],
  };
  const bytes = Buffer.from(JSON.stringify(document));
  const described = describe(mediaTypes.ociManifest, bytes);
  await registry.pushManifest(ctx, reference, described, bytes);
  const found = await registry.resolve(ctx, reference);
  t.deepEqual(found.descriptor, described);
  t.true((await collect(registry.blob(ctx, reference, layerDescriptor, 1_000_000))).equals(layer.subarray(1_000_000)));
  await refused(t, 'not-found', registry.resolve(ctx, parseReference(`${host}/none:1`)));
});
