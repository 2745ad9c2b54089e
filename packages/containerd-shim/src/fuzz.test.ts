/**
 * Frames that no client means: malformed, cut off, too long, interleaved. They end their own connection or get an
 * error, while a container runs on and is served. 5,000 frames, or 100,000 with LONGSHORE_LONG=1. Needs root.
 */
import {readFileSync} from 'node:fs';
import {connect} from 'node:net';
import {TaskDefinition} from '@longshore/api/gen/containerd/runtime/task/v3/shim';
import {Status} from '@longshore/api/gen/containerd/types/task/task';
import {Request} from '@longshore/api/gen/ttrpc/request';
import anyTest from 'ava';
import {isRoot, type ShimRig, startRig} from './shim-rig.test-helper.ts';

const test = isRoot ? anyTest.serial : anyTest.skip;
const total = process.env.LONGSHORE_LONG === '1' ? 100_000 : 5000;
const framesPerConnection = 100;
const seed = Number(process.env.LONGSHORE_SEED ?? 20260727);
const services = ['containerd.task.v2.Task', 'containerd.task.v3.Task', 'containerd.runtime.sandbox.v1.Sandbox', 'x'];
/** What would end the shim or its container if it hit: the fuzz is about everything else. */
const deadly = ['Shutdown', 'ShutdownSandbox', 'StopSandbox', 'Kill', 'Delete'];
const methods = [
  ...Object.values(TaskDefinition.methods).map(({name}) => name),
  ...['CreateSandbox', 'StartSandbox', 'SandboxStatus', 'WaitSandbox', 'Nope', ''],
].filter(name => !deadly.includes(name));

type Random = (limit: number) => number;

test(`${total} hostile frames, and a container that does not notice`, async t => {
  t.timeout(600_000);
  t.log(`seed ${seed}`);
  const random = generator(seed);
  const rig = await startRig(t);
  const id = 'first';
  await rig.create(id, {args: ['sleep', '10000']});
  await rig.task.start(rig.ctx, {id});
  for (let sent = 0; sent < total; sent += framesPerConnection) {
    await attack(rig, random, sent % 3 === 0);
    if (sent % 1000 === 0) t.like(await rig.task.state(rig.ctx, {id}), {status: Status.RUNNING});
  }
  t.like(await rig.task.connect(rig.ctx, {id}), {shimPid: rig.pid});
  t.is(rig.topics().filter(topic => topic.startsWith('/tasks/exit')).length, 0);
  const pss = Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${rig.pid}/smaps_rollup`, 'latin1'))?.[1]) / 1024;
  t.log(`PSS afterwards: ${pss.toFixed(1)} MiB`);
});

/** One connection: frames, perhaps garbage at the end, perhaps gone in the middle of a frame. */
async function attack(rig: ShimRig, random: Random, abrupt: boolean): Promise<void> {
  const socket = connect(rig.socket);
  socket.on('error', () => {});
  socket.resume();
  await new Promise(resolve => socket.once('connect', resolve));
  const frames: Uint8Array[] = [];
  for (let i = 0; i < framesPerConnection; i++) frames.push(hostileFrame(random));
  const bytes = Buffer.concat(frames);
  const closed = new Promise(resolve => socket.once('close', resolve));
  // In pieces that do not end where frames do.
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random(3000);
    socket.write(bytes.subarray(at, at + length));
    at += length;
  }
  if (abrupt) socket.destroy();
  else socket.end(Buffer.from(Array.from({length: random(40)}, () => random(256))));
  await closed;
}

function hostileFrame(random: Random): Uint8Array {
  const payload = Buffer.from(Array.from({length: random(60)}, () => random(256)));
  const request = Request.fromPartial({
    service: services[random(services.length)] as string,
    method: methods[random(methods.length)] as string,
    payload: random(2) ? payload : Buffer.from([0x0a, 1, 0x61 + random(26)]), // an id of one letter
    timeoutNano: BigInt(random(3)),
  });
  const body = Buffer.from(Request.encode(request).finish());
  const header = Buffer.alloc(10);
  header.writeUInt32BE(body.length, 0);
  header.writeUInt32BE(random(40), 4);
  header[8] = random(4) ? 1 : random(256);
  header[9] = random(4) ? 0 : random(256);
  // One that says that it is longer than it is takes what follows for its rest: these are rare.
  switch (random(300)) {
    case 0:
      header.writeUInt32BE(body.length + random(200), 0);
      break;
    case 1: // not allowed: the server has to skip it
      header.writeUInt32BE(4 * 1024 * 1024 + 1 + random(1000), 0);
      break;
  }
  if (random(8) === 0) {
    for (let i = 0; i < 3; i++) body[random(body.length)] = random(256);
  }
  return Buffer.concat([header, body]);
}

/** Repeatable pseudo-random numbers below `limit`. */
function generator(start: number): Random {
  let state = start;
  return limit => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
