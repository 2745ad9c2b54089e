/** Listeners over real sockets: TLS with every kind of certificate, taken places, sockets that systemd passes. */

import {spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import net from 'node:net';
import {join} from 'node:path';
import tls from 'node:tls';
import {createLogger, discardLogger} from '@longshore/base';
import {closeFd, listenUnix} from '@longshore/linux';
import test, {type ExecutionContext} from 'ava';
import type {TlsSettings} from '../config/tls-settings.ts';
import {type ListenerOptions, openListeners} from './listen.ts';
import {loadTlsMaterial} from './tls-acceptor.ts';

const pem = (name: string) => join(import.meta.dirname, '../../testdata/tls', name);
const read = (name: string) => readFileSync(pem(name));

const serverTls = (name = 'server', verify = true): TlsSettings => ({
  verify,
  ca: pem('ca.pem'),
  cert: pem(`${name}.pem`),
  key: pem(`${name}-key.pem`),
});

function temporaryDirectory(t: ExecutionContext): string {
  const directory = mkdtempSync('/tmp/ls-listen-');
  t.teardown(() => rmSync(directory, {recursive: true}));
  return directory;
}

async function listen(t: ExecutionContext, options: Partial<ListenerOptions>) {
  const listeners = await openListeners({
    hosts: [],
    group: '',
    groupIsGiven: false,
    activated: {count: 0, names: []},
    tls: undefined,
    insecureTcpIsIntended: true,
    log: discardLogger(),
    pause: async () => {},
    ...options,
  });
  t.teardown(() => listeners[Symbol.asyncDispose]());
  listeners.serve(async ({head, response}) => response.send(200, 'text/plain', head.target));
  return listeners;
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as net.AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** What a client gets that asks for /x; the reason when it gets nothing. */
async function ask(port: number, options: tls.ConnectionOptions): Promise<string> {
  const socket = tls.connect({host: '127.0.0.1', servername: 'localhost', port, ca: read('ca.pem'), ...options});
  const {promise, resolve} = Promise.withResolvers<string>();
  let text = '';
  socket.on('error', error => resolve(`error: ${(error as NodeJS.ErrnoException).code}`));
  socket.on('close', () => resolve(text === '' ? 'closed' : text));
  socket.on('data', data => {
    text += data;
    if (text.endsWith('/x')) resolve(text);
  });
  socket.write('GET /x HTTP/1.1\r\nHost: x\r\n\r\n');
  const answer = await promise;
  socket.destroy();
  return answer;
}

const client = (name: string) => ({cert: read(`${name}.pem`), key: read(`${name}-key.pem`)});

test('mutual TLS: only a certificate of our authority that is still valid gets in', async t => {
  const port = await freePort();
  await listen(t, {hosts: [`tcp://127.0.0.1:${port}`], tls: serverTls()});
  t.regex(await ask(port, client('client')), /^HTTP\/1.1 200 OK[\s\S]*\/x$/);
  t.notRegex(await ask(port, client('client-expired')), /200 OK/);
  t.notRegex(await ask(port, client('client-wrong-ca')), /200 OK/);
  t.notRegex(await ask(port, {}), /200 OK/);
  t.regex(await ask(port, client('client')), /200 OK/, 'it still serves');
});

test('the client refuses a server with a wrong name, an old certificate or an unknown authority', async t => {
  for (const [name, code, options] of [
    ['server-wrong-name', 'ERR_TLS_CERT_ALTNAME_INVALID', {}],
    ['server-expired', 'CERT_HAS_EXPIRED', {}],
    ['server', 'SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE', {ca: read('other-ca.pem')}],
  ] as const) {
    const port = await freePort();
    await listen(t, {hosts: [`tcp://127.0.0.1:${port}`], tls: serverTls(name)});
    t.regex(await ask(port, {...client('client'), ...options}), new RegExp(`^error: (${code})$`));
  }
});

test('--tlsverify=false encrypts without asking for a certificate', async t => {
  const port = await freePort();
  await listen(t, {hosts: [`tcp://127.0.0.1:${port}`], tls: serverTls('server', false)});
  t.regex(await ask(port, {}), /200 OK/);
});

test('old protocols and ciphers are refused', async t => {
  const port = await freePort();
  await listen(t, {hosts: [`tcp://127.0.0.1:${port}`], tls: serverTls()});
  const old = {...client('client'), minVersion: 'TLSv1' as const, ciphers: 'DEFAULT@SECLEVEL=0'};
  t.regex(await ask(port, {...old, maxVersion: 'TLSv1.1'}), /^error: /);
  t.regex(await ask(port, {...client('client'), maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA'}), /^error: /);
  t.regex(await ask(port, {...client('client'), maxVersion: 'TLSv1.2'}), /200 OK/);
});

test('plain HTTP on a TLS port is told so', async t => {
  const port = await freePort();
  await listen(t, {hosts: [`tcp://127.0.0.1:${port}`], tls: serverTls()});
  const socket = net.connect(port, '127.0.0.1');
  socket.write('GET /info HTTP/1.1\r\nHost: x\r\n\r\n');
  let text = '';
  for await (const data of socket) text += data;
  t.is(text, 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n');
});

test('certificates that cannot be used are named', async t => {
  const directory = temporaryDirectory(t);
  const message = async (settings: TlsSettings) => (await t.throwsAsync(loadTlsMaterial(settings))).message;
  const missing = await message({...serverTls(), cert: `${directory}/none.pem`});
  t.regex(missing, /^invalid TLS configuration: could not load X509 key pair \(cert: ".*none.pem".*no such file/);
  t.regex(await message({...serverTls(), key: pem('client-key.pem')}), /error reading X509 key pair - make sure/);
  t.regex(await message({...serverTls(), ca: `${directory}/ca.pem`}), /could not read CA certificate/);
  writeFileSync(`${directory}/ca.pem`, 'nothing');
  t.regex(await message({...serverTls(), ca: `${directory}/ca.pem`}), /failed to append certificates from PEM file/);
});

test('a unix socket gets group and mode, and replaces one that is dead but not one that answers', async t => {
  const path = join(temporaryDirectory(t), 's');
  writeFileSync(path, '');
  const group = process.getuid?.() === 0 ? '4242' : '';
  const first = await listen(t, {hosts: [`unix://${path}`], group});
  const {mode, gid} = statSync(path);
  t.is(mode & 0o777, 0o660);
  if (group) t.is(gid, 4242);
  const again = t.throwsAsync(listen(t, {hosts: [`unix://${path}`]}));
  t.regex((await again).message, /^failed to load listeners: can't create unix socket .*: address already in use/);
  await first[Symbol.asyncDispose]();
  await listen(t, {hosts: [`unix://${path}`]});
});

test('what cannot be bound is named, and what was bound before is let go', async t => {
  const directory = temporaryDirectory(t);
  const port = await freePort();
  await listen(t, {hosts: [`tcp://127.0.0.1:${port}`]});
  const message = async (...hosts: string[]) => (await t.throwsAsync(listen(t, {hosts}))).message;
  t.is(
    await message(`unix://${directory}/a`, `tcp://127.0.0.1:${port}`),
    `failed to load listeners: listen tcp 127.0.0.1:${port}: bind: address already in use`,
  );
  t.throws(() => statSync(`${directory}/a`), {code: 'ENOENT'});
  t.regex(await message('tcp://192.0.2.1:2375'), /listen tcp 192.0.2.1:2375: bind: cannot assign requested address$/);
  mkdirSync(`${directory}/d`);
  t.regex(await message(`unix://${directory}/d`), /can't create unix socket .*\/d: is a directory$/);
  t.regex(await message(`unix://${directory}/${'x'.repeat(120)}`), /can't create unix socket/);
  t.regex(await message('fd://'), /no sockets found via socket activation/);
  const group = t.throwsAsync(
    listen(t, {hosts: [`unix://${directory}/g`], group: 'no-such-group', groupIsGiven: true}),
  );
  t.regex((await group).message, /group no-such-group not found/);
});

test('TCP without authentication: a second on the loopback, longer elsewhere, unless it is intended', async t => {
  const waits = async (host: string, options: Partial<ListenerOptions>) => {
    const seen: number[] = [];
    const lines: string[] = [];
    const log = createLogger({write: line => lines.push(line)});
    const pause = async (milliseconds: number) => void seen.push(milliseconds);
    const listeners = await listen(t, {hosts: [`tcp://${host}:${await freePort()}`], log, pause, ...options});
    await listeners[Symbol.asyncDispose]();
    return [seen, lines.length];
  };
  const unintended = {insecureTcpIsIntended: false};
  t.deepEqual(await waits('127.0.0.1', unintended), [[1000], 3]);
  t.deepEqual(await waits('localhost', unintended), [[1000], 3]);
  t.deepEqual(await waits('0.0.0.0', unintended), [[1000, 15_000], 7]);
  t.deepEqual(await waits('0.0.0.0', {}), [[1000], 3]);
  t.deepEqual(await waits('0.0.0.0', {...unintended, tls: serverTls('server', false)}), [[1000, 15_000], 7]);
  t.deepEqual(await waits('0.0.0.0', {...unintended, tls: serverTls()}), [[], 0]);
});

/** Starts a process that finds one unix and one TCP socket at its descriptors 3 and 4. */
async function activate(t: ExecutionContext, host: string, names = '') {
  const path = join(temporaryDirectory(t), 's');
  const unix = listenUnix(path);
  const port = await freePort();
  const tcp = net.createServer();
  await new Promise<void>(resolve => tcp.listen(port, '127.0.0.1', resolve));
  const {fd} = (tcp as unknown as {_handle: {fd: number}})._handle;
  const script = join(import.meta.dirname, 'activated-listener.testing.ts');
  const child = spawn(process.execPath, [script, host, '2', names], {stdio: ['ignore', 'ignore', 'pipe', unix, fd]});
  closeFd(unix);
  tcp.close();
  t.teardown(() => child.kill('SIGKILL'));
  return {path, port, child};
}

async function getFrom(target: net.NetConnectOpts): Promise<string> {
  const socket = net.connect(target);
  socket.end('GET / HTTP/1.0\r\n\r\n');
  let text = '';
  for await (const data of socket) text += data;
  return text.split('\r\n\r\n')[1] ?? '';
}

test('sockets that systemd passes: all, one by its number, one by its name', async t => {
  const all = await activate(t, 'fd://');
  t.is(await getFrom({path: all.path}), 'fd://3 fd://4');
  t.is(await getFrom({port: all.port, host: '127.0.0.1'}), 'fd://3 fd://4');
  const byNumber = await activate(t, 'fd://4');
  t.is(await getFrom({port: byNumber.port, host: '127.0.0.1'}), 'fd://4');
  await t.throwsAsync(getFrom({path: byNumber.path}), undefined, 'the other one is closed');
  const byName = await activate(t, 'fd://api', 'api:other');
  t.is(await getFrom({path: byName.path}), 'fd://3');
});

test('sockets that systemd did not pass are named', async t => {
  for (const [host, message] of [
    ['fd://5', /too few socket activated files passed in by systemd/],
    ['fd://x', /failed to parse systemd fd address: should be a number: x/],
    ['fd://1', /not a systemd activated file: fd 1/],
  ] as const) {
    const {child} = await activate(t, host);
    let text = '';
    for await (const data of child.stderr ?? []) text += data;
    t.regex(text, message);
  }
});
