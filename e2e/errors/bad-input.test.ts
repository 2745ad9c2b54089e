/** Bad input: Docker's status code, a clear message, and nothing left over (the harness looks at the end). */
import {connect} from 'node:net';
import {text} from 'node:stream/consumers';
import test from 'ava';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);

type Case = {
  name: string;
  path: string;
  method?: 'GET' | 'POST' | 'DELETE';
  body?: unknown;
  status: number;
  message: RegExp;
};

const json = {'Content-Type': 'application/json'};
const cases: Case[] = [
  {
    name: 'unknown image',
    path: '/containers/create',
    method: 'POST',
    body: {Image: 'none-such'},
    status: 404,
    message: /No such image: none-such/,
  },
  {
    name: 'bad name',
    path: '/containers/create?name=_x',
    method: 'POST',
    body: {Image: 'busybox'},
    status: 400,
    message: /Invalid container name \(_x\)/,
  },
  {
    name: 'malformed JSON',
    path: '/containers/create',
    method: 'POST',
    body: '{"Image":',
    status: 400,
    message: /invalid JSON|unexpected E/i,
  },
  {
    name: 'no command anywhere',
    path: '/containers/create',
    method: 'POST',
    body: {Image: 'busybox', Cmd: [], Entrypoint: ['']},
    status: 400,
    message: /no command specified/,
  },
  {name: 'unknown container', path: '/containers/none/json', status: 404, message: /No such container: none/},
  {
    name: 'start of an unknown container',
    path: '/containers/none/start',
    method: 'POST',
    status: 404,
    message: /No such container: none/,
  },
  {name: 'unknown page', path: '/no/such/page', status: 404, message: /page not found/},
  {name: 'too new a version', path: '/v9.99/version', status: 400, message: /client version 9.99 is too new/},
  {name: 'too old a version', path: '/v1.10/version', status: 400, message: /client version 1.10 is too old/},
  {name: 'unknown image inspected', path: '/images/none-such/json', status: 404, message: /No such image: none-such/},
  {name: 'unknown exec', path: '/exec/none/json', status: 404, message: /No such exec instance: none/},
  {
    name: 'memory below the minimum',
    path: '/containers/create',
    method: 'POST',
    body: {Image: 'busybox', HostConfig: {Memory: 1000}},
    status: 400,
    message: /Minimum memory limit allowed is 6MB/,
  },
];

for (const {name, path, method = 'GET', body, status, message} of cases) {
  test(`${name}: ${status}`, async t => {
    const answer = await engine().api.send<{message: string}>(path, {
      method,
      body,
      headers: method === 'POST' ? json : {},
    });
    t.is(answer.status, status, JSON.stringify(answer.body));
    // Docker answers versions before 1.24 in plain text.
    t.regex(answer.body.message ?? String(answer.body), message);
  });
}

test('a name that is taken: 409', async t => {
  const body = {Image: 'busybox', Cmd: ['true']};
  await engine().api.post('/containers/create?name=taken', body);
  const answer = await engine().api.send<{message: string}>('/containers/create?name=taken', {method: 'POST', body});
  t.is(answer.status, 409);
  t.regex(answer.body.message, /Conflict\. The container name "\/taken" is already in use by container "[0-9a-f]{64}"/);
});

test('an oversized body is refused, and the daemon goes on', async t => {
  const body = `{"Image":"busybox","Cmd":["${'x'.repeat(64 << 20)}"]}`;
  const answer = await engine()
    .api.send<{message: string}>('/containers/create', {method: 'POST', body, headers: json})
    // A server may close the connection under a client that is still sending.
    .catch(error => ({status: error.code === 'EPIPE' || error.code === 'ECONNRESET' ? 413 : 0}));
  t.true([400, 413].includes(answer.status), String(answer.status));
  t.is((await engine().api.send('/_ping')).status, 200);
});

test('what is not HTTP gets an error and no crash', async t => {
  for (const garbage of [
    '\x16\x03\x01\x00\xff\x00',
    'GET\r\n\r\n',
    'POST /containers/create HTTP/1.1\r\nContent-Length: -5\r\n\r\n',
  ]) {
    const socket = connect(engine().paths.dockerSocket);
    socket.on('error', () => {});
    socket.end(garbage);
    const answer = await text(socket).catch(() => '');
    t.regex(answer, /^(HTTP\/1\.[01] 4\d\d[\s\S]*)?$/);
  }
  t.is((await engine().api.send('/_ping')).status, 200);
});

test('a missing program, a directory as program, a bad mount: start fails as in Docker and nothing is left', async t => {
  const start = async (body: object): Promise<{status: number; message: string}> => {
    const {Id} = await engine().api.post<{Id: string}>('/containers/create', {Image: 'busybox', ...body});
    const answer = await engine().api.send<{message: string}>(`/containers/${Id}/start`, {method: 'POST'});
    await engine().api.delete(`/containers/${Id}`);
    return {status: answer.status, message: answer.body.message};
  };
  const missing = await start({Cmd: ['no-such-program']});
  t.is(missing.status, 400);
  t.regex(
    missing.message,
    /failed to create task for container: .*OCI runtime create failed.*executable file not found in \$PATH/,
  );
  t.is((await start({Cmd: ['/etc']})).status, 400);
  t.is((await start({Cmd: ['true'], HostConfig: {Sysctls: {'kernel.no_such_thing': '1'}}})).status, 500);
  const {processes} = await engine().sandbox.survey();
  t.deepEqual(
    processes.filter(p => p.command.includes('containerd-shim') || p.command.includes('runc')),
    [],
  );
});

test('a mount that is not there', async t => {
  const body = {Image: 'busybox', HostConfig: {Mounts: [{Type: 'bind', Source: '/no/such', Target: '/x'}]}};
  const answer = await engine().api.send<{message: string}>('/containers/create', {method: 'POST', body});
  t.is(answer.status, 400);
  t.regex(answer.body.message, /bind source path does not exist: \/no\/such/);
});
