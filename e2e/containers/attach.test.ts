/** Streams of containers and execs, on connections that no client of Docker stands before. */
import {once} from 'node:events';
import {poll} from '@longshore/testing';
import test from 'ava';
import {docker, dockerClients} from '../harness/clients.ts';
import {
  demultiplex,
  openWebsocket,
  readAll,
  upgrade,
  websocketFrame,
  websocketMessages,
} from '../harness/raw-attach.ts';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);
const run = (...args: string[]) => docker(dockerClients[0]!, engine(), args);
const create = async (...args: string[]) => (await run('create', ...args)).stdout;
const everything = 'stream=1&stdin=1&stdout=1&stderr=1';

test('attach before the start: both streams, and the end of the input is passed on', async t => {
  const id = await create('-i', 'busybox', 'sh', '-c', 'cat; echo end >&2');
  const attached = await upgrade(engine(), `/v1.51/containers/${id}/attach?${everything}`);
  t.is(attached.response.headers['content-type'], 'application/vnd.docker.multiplexed-stream');
  await run('start', id);
  attached.socket.end('hello\n');
  t.deepEqual(demultiplex(await readAll(attached)), {1: 'hello\n', 2: 'end\n'});
  await run('rm', '-f', id);
});

test('a body of an attach is not the input of the container', async t => {
  const id = await create('-i', 'busybox', 'cat');
  const body = JSON.stringify({stream: true, stdin: true, stdout: true});
  const attached = await upgrade(engine(), `/containers/${id}/attach?${everything}`, {body});
  await run('start', id);
  attached.socket.end('hello\n');
  t.deepEqual(demultiplex(await readAll(attached)), {1: 'hello\n'});
  await run('rm', '-f', id);
});

test('the type of the stream is that of the API version and the terminal', async t => {
  const plain = await create('busybox', 'true');
  const terminal = await create('-t', 'busybox', 'true');
  const typeOf = async (version: string, id: string) => {
    const {response, socket} = await upgrade(engine(), `/v${version}/containers/${id}/attach?stream=0`);
    socket.destroy();
    return response.headers['content-type'];
  };
  t.is(await typeOf('1.42', plain), 'application/vnd.docker.multiplexed-stream');
  t.is(await typeOf('1.41', plain), 'application/vnd.docker.raw-stream');
  t.is(await typeOf('1.51', terminal), 'application/vnd.docker.raw-stream');
  await run('rm', plain, terminal);
});

test('logs=1 gives what was written before, then what comes', async t => {
  const id = (await run('run', '-d', '-i', 'busybox', 'sh', '-c', 'echo before; read line; echo after $line')).stdout;
  await poll(async () => (await run('logs', id)).stdout.includes('before'), {what: 'the first line'});
  const attached = await upgrade(engine(), `/containers/${id}/attach?logs=1&${everything}`);
  attached.socket.write('all\n');
  t.deepEqual(demultiplex(await readAll(attached)), {1: 'before\nafter all\n'});
  await run('rm', '-f', id);
});

test('an exec has its streams apart too, and gets the end of its input', async t => {
  const id = (await run('run', '-d', 'busybox', 'sleep', '60')).stdout;
  const body = {AttachStdin: true, AttachStdout: true, AttachStderr: true, Cmd: ['sh', '-c', 'cat; echo end >&2']};
  const exec = await engine().api.post<{Id: string}>(`/containers/${id}/exec`, body);
  const attached = await upgrade(engine(), `/exec/${exec.Id}/start`, {body: '{}'});
  t.is(attached.response.headers['content-type'], 'application/vnd.docker.multiplexed-stream');
  attached.socket.end('hello\n');
  t.deepEqual(demultiplex(await readAll(attached)), {1: 'hello\n', 2: 'end\n'});
  await run('rm', '-f', id);
});

test('websocket: input and output, and a close at the end of the container', async t => {
  const id = (await run('run', '-d', '-i', 'busybox', 'sh', '-c', 'read a; echo got $a; read b; echo and $b >&2'))
    .stdout;
  const attached = await openWebsocket(engine(), `/containers/${id}/attach/ws?${everything}`);
  t.is(attached.response.statusCode, 101);
  attached.socket.write(websocketFrame(1, 'one\n'));
  attached.socket.write(Buffer.concat([websocketFrame(9, 'ping'), websocketFrame(2, 'two\n')]));
  const data = await readAll(attached);
  t.true(data.includes(Buffer.from('8a0470696e67', 'hex')), 'the ping is answered');
  t.deepEqual(websocketMessages(data), {text: 'got one\nand two\n', closeCode: 1000});
  await run('rm', '-f', id);
});

test('websocket: the log first, streams by choice, and a client that closes is let go', async t => {
  const id = (await run('run', '-d', 'busybox', 'sh', '-c', 'echo out; echo err >&2; sleep 60')).stdout;
  await poll(async () => (await run('logs', id)).stderr.includes('err'), {what: 'the lines'});
  const attached = await openWebsocket(engine(), `/containers/${id}/attach/ws?logs=1&stream=1&stdout=1`);
  const pieces = [attached.head];
  attached.socket.on('data', (piece: Buffer) => pieces.push(piece));
  const messages = () => websocketMessages(Buffer.concat(pieces));
  await poll(() => messages().text === 'out\n', {what: 'the log'});
  attached.socket.write(websocketFrame(8, ''));
  await once(attached.socket, 'end');
  t.deepEqual(messages(), {text: 'out\n', closeCode: 1000});
  await run('rm', '-f', id);
});

test('websocket: what is no handshake is refused before anything is done', async t => {
  const id = await create('busybox', 'true');
  const {status, body} = await engine().api.send<{message: string}>(`/containers/${id}/attach/ws?stream=1`);
  t.is(status, 400);
  t.regex(body.message, /websocket/);
  const old = upgrade(engine(), `/containers/${id}/attach/ws`, {
    method: 'GET',
    headers: {Upgrade: 'websocket', 'Sec-WebSocket-Version': '8', 'Sec-WebSocket-Key': 'x'},
  });
  await t.throwsAsync(old, {message: /^426/});
  await t.throwsAsync(openWebsocket(engine(), '/containers/nosuch/attach/ws'), {message: /^404/});
  await run('rm', id);
});
test('a client that takes nothing holds up neither the log nor another client', async t => {
  const megabytes = 30;
  const write = `dd if=/dev/zero bs=1048576 count=${megabytes} 2>/dev/null | tr '\\0' x | fold -w 99; echo done`;
  const id = await create('busybox', 'sh', '-c', write);
  const stuck = await upgrade(engine(), `/containers/${id}/attach?stream=1&stdout=1`);
  stuck.socket.pause();
  const quick = await upgrade(engine(), `/containers/${id}/attach?stream=1&stdout=1`);
  await run('start', id);
  let size = 0;
  quick.socket.on('data', (piece: Buffer) => (size += piece.length));
  await once(quick.socket, 'end');
  t.true(size > megabytes * 1_000_000, `${size} bytes`);
  t.true((await run('logs', '--tail', '1', id)).stdout.trim().endsWith('done'));
  // And it still gets everything, when it wants to.
  stuck.socket.resume();
  const late = demultiplex(await readAll(stuck));
  t.true(late[1]?.endsWith('done\n'));
  t.is(late[1]?.length, megabytes * 1_048_576 + Math.ceil((megabytes * 1_048_576) / 99) - 1 + 'done\n'.length);
  await run('rm', id);
});
