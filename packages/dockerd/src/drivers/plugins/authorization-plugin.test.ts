/** Authorization plugins over every transport, and what the daemon makes of their answers. */
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';
import {callContext, discardLogger} from '@longshore/base';
import {codeOf} from '@longshore/errdefs';
import test, {type ExecutionContext} from 'ava';
import type {AuthorizationRequest} from '../../core/ports/authorization.ts';
import {checkAuthorizationPlugins, openAuthorizationPlugins} from './authorization-plugin.ts';

type Call = {url: string; body: Record<string, unknown>};
type Answers = Record<string, unknown>;

const pem = (name: string) => join(import.meta.dirname, '../../../testdata/tls', name);
const allow = {'/Plugin.Activate': {Implements: ['authz']}, '/AuthZPlugin.AuthZReq': {Allow: true}};

function directories(t: ExecutionContext) {
  const root = mkdtempSync('/tmp/ls-plugins-');
  t.teardown(() => rmSync(root, {recursive: true}));
  for (const name of ['run', 'etc']) mkdirSync(join(root, name));
  return {sockets: join(root, 'run'), specs: [join(root, 'etc')]};
}

/** Answers each path with JSON; a number is a status without a body. */
function handler(answers: Answers, calls: Call[]): http.RequestListener {
  return (request, response) => {
    let text = '';
    request.on('data', data => {
      text += data;
    });
    request.on('end', () => {
      calls.push({url: request.url ?? '', body: text ? JSON.parse(text) : {}});
      const answer = answers[request.url ?? ''];
      if (typeof answer === 'number') response.writeHead(answer).end('broken');
      else response.end(JSON.stringify(answer));
    });
  };
}

async function serve(t: ExecutionContext, server: http.Server | https.Server, where: string | number) {
  await new Promise<void>(resolve =>
    typeof where === 'string' ? server.listen(where, resolve) : server.listen(where, '127.0.0.1', resolve),
  );
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

const request: AuthorizationRequest = {
  user: 'alice',
  method: 'TLS',
  requestMethod: 'POST',
  requestUri: '/v1.51/containers/create',
  requestBody: Buffer.from('{"Image":"x"}'),
  requestHeaders: {'Content-Type': 'application/json'},
  peerCertificates: [],
};
const ctx = () => callContext({log: discardLogger()});

async function ask(t: ExecutionContext, answers: Answers) {
  const found = directories(t);
  const calls: Call[] = [];
  await serve(t, http.createServer(handler(answers, calls)), join(found.sockets, 'p.sock'));
  const [plugin] = openAuthorizationPlugins(['p', 'p'], found);
  return {plugin: plugin as NonNullable<typeof plugin>, calls};
}

test('a request is described, and allowed; the handshake is made once', async t => {
  const {plugin, calls} = await ask(t, {...allow, '/AuthZPlugin.AuthZRes': {Allow: true}});
  await plugin.request(ctx(), request);
  await plugin.response(ctx(), request, {status: 201, headers: {A: 'b'}, body: Buffer.from('{}')});
  t.deepEqual(
    calls.map(({url}) => url),
    ['/Plugin.Activate', '/AuthZPlugin.AuthZReq', '/AuthZPlugin.AuthZRes'],
  );
  t.deepEqual(calls[1]?.body, {
    User: 'alice',
    UserAuthNMethod: 'TLS',
    RequestMethod: 'POST',
    RequestUri: '/v1.51/containers/create',
    RequestBody: Buffer.from('{"Image":"x"}').toString('base64'),
    RequestHeaders: {'Content-Type': 'application/json'},
  });
  t.like(calls[2]?.body, {ResponseStatusCode: 201, ResponseHeaders: {A: 'b'}, ResponseBody: 'e30='});
});

test('a refusal, a failure and nonsense are told apart', async t => {
  for (const [answer, code, message] of [
    [{Allow: false, Msg: 'not today'}, 'permission-denied', 'authorization denied by plugin p: not today'],
    [{Allow: true, Err: 'an error'}, 'unknown', 'plugin p failed with error: AuthZPlugin.AuthZReq: an error'],
    [{}, 'permission-denied', 'authorization denied by plugin p: '],
    ['text', 'permission-denied', 'authorization denied by plugin p: '],
    [500, 'unknown', 'plugin p failed with error: AuthZPlugin.AuthZReq: broken'],
  ] as const) {
    const {plugin} = await ask(t, {...allow, '/AuthZPlugin.AuthZReq': answer});
    const error = await t.throwsAsync(plugin.request(ctx(), request));
    t.is(error.message, message);
    t.is(codeOf(error), code);
  }
});

test('a plugin for something else, and one that is not there', async t => {
  const {plugin} = await ask(t, {'/Plugin.Activate': {Implements: ['VolumeDriver']}});
  const error = await t.throwsAsync(plugin.request(ctx(), request));
  t.is(error.message, 'plugin p failed with error: plugin "p" does not implement the requested interface: authz');
  const found = directories(t);
  const [missing] = openAuthorizationPlugins(['none'], found);
  await t.throwsAsync(async () => missing?.request(ctx(), request), {
    message: 'plugin none failed with error: plugin "none" not found',
  });
  await serve(t, http.createServer(handler(allow, [])), join(found.sockets, 'none.sock'));
  await t.notThrowsAsync(async () => missing?.request(ctx(), request), 'it may come later');
});

test('a daemon does not start without its plugins', async t => {
  const {plugin} = await ask(t, allow);
  await t.notThrowsAsync(checkAuthorizationPlugins(ctx(), [plugin]));
  await t.throwsAsync(checkAuthorizationPlugins(ctx(), openAuthorizationPlugins(['none'], directories(t))), {
    message: 'failed to validate authorization plugin: plugin "none" not found',
  });
  const {plugin: volumes} = await ask(t, {'/Plugin.Activate': {Implements: ['VolumeDriver']}});
  await t.throwsAsync(checkAuthorizationPlugins(ctx(), [volumes]), {message: /does not implement .*: authz$/});
});

test('an address from a file: unix, TCP, TLS', async t => {
  const found = directories(t);
  const [etc = ''] = found.specs;
  await serve(t, http.createServer(handler(allow, [])), join(etc, 'elsewhere'));
  writeFileSync(join(etc, 'a.spec'), `unix://${join(etc, 'elsewhere')}\n`);
  const port = await serve(t, http.createServer(handler(allow, [])), 0);
  writeFileSync(join(etc, 'b.spec'), `tcp://127.0.0.1:${port}`);
  const certificate = {
    cert: readFileSync(pem('server.pem')),
    key: readFileSync(pem('server-key.pem')),
    ca: readFileSync(pem('ca.pem')),
  };
  const mutual = {...certificate, requestCert: true, rejectUnauthorized: true};
  const secure = await serve(t, https.createServer(mutual, handler(allow, [])), 0);
  const tls = {CAFile: pem('ca.pem'), CertFile: pem('client.pem'), KeyFile: pem('client-key.pem')};
  writeFileSync(join(etc, 'c.json'), JSON.stringify({Name: 'c', Addr: `https://127.0.0.1:${secure}`, TLSConfig: tls}));
  for (const plugin of openAuthorizationPlugins(['a', 'b', 'c'], found)) {
    await t.notThrowsAsync(plugin.request(ctx(), request), plugin.name);
  }
  writeFileSync(join(etc, 'd.json'), JSON.stringify({Addr: `https://127.0.0.1:${secure}`, TLSConfig: {}}));
  const [unknown] = openAuthorizationPlugins(['d'], found);
  await t.throwsAsync(async () => unknown?.request(ctx(), request), {message: /plugin d failed with error: /});
});
