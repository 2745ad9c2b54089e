/** The further sockets of a whole daemon: Prometheus' page, the debug socket, gRPC over TCP and TLS. */
import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync, statSync} from 'node:fs';
import {request} from 'node:http';
import {connect as connectTcp, createServer} from 'node:net';
import {join} from 'node:path';
import {Client, credentials} from '@grpc/grpc-js';
import {NamespacesDefinition} from '@longshore/api/gen/containerd/services/namespaces/v1/namespace';
import {VersionDefinition, type VersionResponse} from '@longshore/api/gen/containerd/services/version/v1/version';
import test, {type ExecutionContext} from 'ava';
import {startTestDaemon} from './test-support/daemon.ts';
import {tempDir} from './test-support/store.ts';

/** Below the range that outgoing connections take theirs from; given once. */
let nextPort = 20_000 + (process.pid % 10_000);

async function freePort(): Promise<number> {
  for (;;) {
    const port = nextPort++;
    const server = createServer();
    const {promise, resolve} = Promise.withResolvers<boolean>();
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    if (!(await promise)) continue;
    await new Promise(done => server.close(done));
    return port;
  }
}

function get(options: {socketPath: string} | {port: number}, path: string): Promise<{status: number; body: string}> {
  const {promise, resolve, reject} = Promise.withResolvers<{status: number; body: string}>();
  const call = request({host: '127.0.0.1', ...options, path}, response => {
    let body = '';
    response.setEncoding('utf8').on('data', chunk => {
      body += chunk;
    });
    response.on('end', () => resolve({status: response.statusCode ?? 0, body}));
  });
  call.on('error', reject).end();
  return promise;
}

const value = (page: string, sample: string) =>
  Number(
    page
      .split('\n')
      .find(line => line.startsWith(sample))
      ?.split(' ')
      .at(-1),
  );

test("Prometheus' page counts calls by their outcome", async t => {
  const port = await freePort();
  const metrics = {address: `127.0.0.1:${port}`, grpc_histogram: true};
  const {client} = await startTestDaemon(t, tempDir(t), {metrics});
  await client.call(VersionDefinition, 'version', {});
  await client.call(VersionDefinition, 'version', {});
  await t.throwsAsync(client.call(NamespacesDefinition, 'delete', {name: 'nosuch'}));
  const {status, body} = await get({port}, '/v1/metrics');
  t.is(status, 200);
  const version = 'grpc_method="Version",grpc_service="containerd.services.version.v1.Version",grpc_type="unary"';
  t.is(value(body, `grpc_server_handled_total{grpc_code="OK",${version}}`), 2);
  t.is(value(body, `grpc_server_started_total{${version}}`), 2);
  t.is(value(body, `grpc_server_handling_seconds_count{${version}}`), 2);
  t.is(value(body, `grpc_server_handling_seconds_bucket{${version.replace(/$/, ',le="+Inf"}')}`), 2);
  const deleted = 'grpc_method="Delete",grpc_service="containerd.services.namespaces.v1.Namespaces",grpc_type="unary"';
  t.is(value(body, `grpc_server_handled_total{grpc_code="NotFound",${deleted}}`), 1);
  t.true(value(body, 'process_resident_memory_bytes') > 1e6);
  t.true(Math.abs(value(body, 'process_start_time_seconds') - Date.now() / 1000) < 3600);
  t.is(value(body, 'containerd_build_info_total'), 1);
  t.regex(body, /^# TYPE grpc_server_handled_total counter$/m);
  t.is((await get({port}, '/')).status, 404);
});

test('the debug socket shows variables and profiles', async t => {
  const directory = tempDir(t);
  const socketPath = join(directory, 'debug.sock');
  const debug = {address: socketPath, uid: 0, gid: 0, level: '', format: ''};
  const daemon = await startTestDaemon(t, directory, {debug});
  t.is(statSync(socketPath).mode & 0o777, 0o660);
  const variables = JSON.parse((await get({socketPath}, '/debug/vars')).body);
  t.true(variables.memstats.HeapAlloc > 0);
  t.deepEqual(variables.containerd.tasks, {});
  t.regex((await get({socketPath}, '/debug/pprof/')).body, /<a href='heap'>/);
  t.true((await get({socketPath}, '/debug/pprof/cmdline')).body.includes(variables.cmdline[0]));
  t.regex((await get({socketPath}, '/debug/pprof/goroutine?debug=2')).body, /"tasks": \{\}/);
  const profile = JSON.parse((await get({socketPath}, '/debug/pprof/profile?seconds=0.2')).body);
  t.true(profile.nodes.length > 0);
  const heap = JSON.parse((await get({socketPath}, '/debug/pprof/heap')).body);
  t.true(heap.snapshot.node_count > 1000);
  t.like(await get({socketPath}, '/debug/pprof/mutex'), {status: 501});
  t.is((await get({socketPath}, '/debug/pprof/nosuch')).status, 404);
  t.is((await get({socketPath}, '/other')).status, 404);
  await daemon.stop();
  t.false(existsSync(socketPath));
});

function call(client: Client): Promise<VersionResponse> {
  const {version} = VersionDefinition.methods;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      `/${VersionDefinition.fullName}/${version.name}`,
      () => Buffer.alloc(0),
      bytes => version.responseType.decode(bytes),
      {},
      {deadline: Date.now() + 5000} as never,
      (error, response) => (error ? reject(error) : resolve(response as VersionResponse)),
    );
  });
}

/** An authority, and a pair of keys for a name that it signed. */
function certificates(directory: string) {
  const openssl = (...args: string[]) => execFileSync('openssl', args, {cwd: directory, stdio: 'pipe'});
  const subject = ['-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-subj'];
  openssl('req', '-x509', '-days', '2', ...subject, '/CN=authority', '-keyout', 'ca.key', '-out', 'ca.pem');
  openssl(
    'req',
    ...subject,
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost',
    '-keyout',
    'key.pem',
    '-out',
    'csr',
  );
  openssl(
    'x509',
    '-req',
    '-in',
    'csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-copy_extensions',
    'copy',
    '-out',
    'cert.pem',
  );
  const path = (name: string) => join(directory, name);
  const pem = (name: string) => readFileSync(path(name));
  return {ca: path('ca.pem'), cert: path('cert.pem'), key: path('key.pem'), pem};
}

async function tcpDaemon(t: ExecutionContext, tls: object) {
  const directory = tempDir(t);
  const port = await freePort();
  const grpc = {
    ...{address: join(directory, 'c.sock'), uid: 0, gid: 0, tcp_tls_ca: '', tcp_tls_cert: '', tcp_tls_key: ''},
    ...{tcp_address: `127.0.0.1:${port}`, max_recv_message_size: 0, max_send_message_size: 0, ...tls},
  };
  await startTestDaemon(t, directory, {grpc});
  const clientWith = (given: Parameters<typeof credentials.createSsl> | undefined) => {
    const own = given ? credentials.createSsl(...given) : credentials.createInsecure();
    const client = new Client(`localhost:${port}`, own);
    t.teardown(() => client.close());
    return client;
  };
  return {port, clientWith};
}

test('gRPC over TCP', async t => {
  const {clientWith} = await tcpDaemon(t, {});
  t.regex((await call(clientWith(undefined))).version, /longshore/);
});

test('gRPC over TLS, and only for clients of the authority when there is one', async t => {
  const {ca, cert, key, pem} = certificates(tempDir(t));
  const open = await tcpDaemon(t, {tcp_tls_cert: cert, tcp_tls_key: key});
  t.regex((await call(open.clientWith([pem('ca.pem')]))).version, /longshore/);
  await t.throwsAsync(call(open.clientWith(undefined)));
  const mutual = await tcpDaemon(t, {tcp_tls_cert: cert, tcp_tls_key: key, tcp_tls_ca: ca});
  t.regex((await call(mutual.clientWith([pem('ca.pem'), pem('key.pem'), pem('cert.pem')]))).version, /longshore/);
  await t.throwsAsync(call(mutual.clientWith([pem('ca.pem')])));
  // What is no TLS at all is hung up on.
  const raw = connectTcp(mutual.port, '127.0.0.1');
  raw.on('error', () => {});
  raw.write('hello\r\n\r\n');
  await new Promise(resolve => raw.once('close', resolve));
  t.pass();
});
