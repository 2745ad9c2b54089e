/** The shim's socket: two protocols, one user, and clients that mean no good. Needs root. */
import {spawnSync} from 'node:child_process';
import {constants, copyFileSync, readdirSync} from 'node:fs';
import {connect} from 'node:net';
import {join} from 'node:path';
import {Client, credentials, Metadata} from '@grpc/grpc-js';
import {TaskDefinition} from '@longshore/api/gen/containerd/runtime/task/v3/shim';
import {codeOf} from '@longshore/errdefs';
import {closeFd, pipe} from '@longshore/linux';
import {dial} from '@longshore/ttrpc';
import anyTest from 'ava';
import {isRoot, type ShimRig, startRig} from './shim-rig.test-helper.ts';

const test = isRoot ? anyTest.serial : anyTest.skip;

type Method = (typeof TaskDefinition.methods)[keyof typeof TaskDefinition.methods];

/** One gRPC call on a connection of its own. */
function grpcCall(rig: ShimRig, service: string, method: Method, request: object): Promise<Record<string, unknown>> {
  const client = new Client(`unix:${rig.socket}`, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('containerd-namespace', 'test');
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      `/${service}/${method.name}`,
      message =>
        Buffer.from((method.requestType as typeof TaskDefinition.methods.state.requestType).encode(message).finish()),
      bytes => method.responseType.decode(bytes) as unknown as Record<string, unknown>,
      (method.requestType as typeof TaskDefinition.methods.state.requestType).fromPartial(request) as never,
      metadata,
      (error, response) => {
        client.close();
        if (error) reject(error);
        else resolve(response ?? {});
      },
    );
  });
}

test('gRPC and ttrpc on the same socket, version 2 and 3 of the service', async t => {
  const rig = await startRig(t);
  await rig.create('first', {args: ['sleep', '1000']});
  for (const service of ['containerd.task.v2.Task', 'containerd.task.v3.Task']) {
    const state = await grpcCall(rig, service, TaskDefinition.methods.state, {id: 'first'});
    t.like(state, {id: 'first', bundle: rig.bundle('first')});
  }
  const missing = grpcCall(rig, 'containerd.task.v3.Task', TaskDefinition.methods.state, {id: 'other'});
  t.like(await t.throwsAsync(missing), {code: 5, details: 'container not created: not found'});
  const v2 = rig.client.service({...TaskDefinition, fullName: 'containerd.task.v2.Task'});
  t.like(await v2.state(rig.ctx, {id: 'first'}), {id: 'first'});
  const unknown = rig.client.service({...TaskDefinition, fullName: 'containerd.task.v9.Task'});
  t.is(codeOf(await t.throwsAsync(unknown.state(rig.ctx, {id: 'first'}))), 'unimplemented');
});

test('another user is not served', async t => {
  const rig = await startRig(t);
  spawnSync('chmod', ['0777', rig.root, rig.socket]);
  const script = `
    const s = require('net').connect(${JSON.stringify(rig.socket)});
    s.on('connect', () => s.write(Buffer.alloc(10)));
    s.on('close', () => { console.log('closed'); process.exit(0); });
    s.on('error', () => {});
    setTimeout(() => { console.log('served'); process.exit(1); }, 2000);`;
  // The directory that Node is in may be closed to others.
  const node = join(rig.root, 'node');
  copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE);
  const other = spawnSync(node, ['-e', script], {uid: 65534, gid: 65534});
  t.is(other.stdout.toString(), 'closed\n', other.stderr.toString());
  t.like(await rig.task.connect(rig.ctx, {id: 'first'}), {shimPid: rig.pid});
});

test('garbage on a connection ends with it; the others go on', async t => {
  const rig = await startRig(t);
  const before = await openDescriptors(rig);
  for (let i = 0; i < 200; i++) {
    const socket = connect(rig.socket);
    socket.on('error', () => {});
    socket.resume(); // unread data would keep it open
    await new Promise(resolve => socket.once('connect', resolve));
    const bytes = Buffer.from(Array.from({length: 500}, (_, k) => (i * 31 + k * 17 + ((k * k) >> 3)) & 0xff));
    if (i % 3 === 0) bytes.set(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
    else bytes[0] = 0;
    socket.write(bytes.subarray(0, 1 + ((i * 37) % 500)));
    if (i % 2) socket.destroy();
    else socket.end();
    await new Promise(resolve => socket.once('close', resolve));
  }
  t.like(await rig.task.connect(rig.ctx, {id: 'first'}), {shimPid: rig.pid});
  for (let attempt = 0; (await openDescriptors(rig)) > before + 8 && attempt < 100; attempt++) {
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  t.true((await openDescriptors(rig)) <= before + 8, 'connections are closed, apart from what the gRPC library keeps');
});

async function openDescriptors(rig: ShimRig): Promise<number> {
  await rig.task.connect(rig.ctx, {id: 'first'});
  return readdirSync(`/proc/${rig.pid}/fd`).length;
}

test('many connections and calls at once', async t => {
  const rig = await startRig(t);
  const clients = await Promise.all(Array.from({length: 50}, () => dial(rig.socket)));
  const calls = clients.flatMap(client => {
    const task = client.service(TaskDefinition);
    return Array.from({length: 20}, () => task.connect(rig.ctx, {id: 'first'}));
  });
  for (const answer of await Promise.all(calls)) t.is(answer.shimPid, rig.pid);
  for (const client of clients) client.close();
});

const compiledTest = process.env.LONGSHORE_SHIM ? test : anyTest.skip;

compiledTest('inherited descriptors are closed', async t => {
  const {read, write} = pipe();
  t.teardown(() => {
    closeFd(read);
    closeFd(write);
  });
  const rig = await startRig(t, {inherit: [write]});
  await rig.task.connect(rig.ctx, {id: 'first'});
  const links = readdirSync(`/proc/${rig.pid}/fd`).map(name =>
    spawnSync('readlink', [join(`/proc/${rig.pid}/fd`, name)]),
  );
  const pipeName = spawnSync('readlink', [`/proc/${process.pid}/fd/${write}`]).stdout.toString();
  t.regex(pipeName, /^pipe:/);
  t.false(links.some(link => link.stdout.toString() === pipeName));
});
