/**
 * Clients that are slow, many or talk nonsense do not keep the daemon from serving others. Small by default;
 * LONGSHORE_LONG=1 for 10,000 idle connections and 500 slow ones.
 */
import {randomBytes} from 'node:crypto';
import {readFileSync} from 'node:fs';
import net from 'node:net';
import {env} from 'node:process';
import {setTimeout as sleep} from 'node:timers/promises';
import type {Engine} from '@longshore/testing';
import test from 'ava';
import {sharedEngine} from '../harness/shared-engine.ts';

const long = env.LONGSHORE_LONG === '1';
const engine = sharedEngine(test);

function connect({paths}: Engine): Promise<net.Socket> {
  const socket = net.connect(paths.dockerSocket);
  socket.on('error', () => {});
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Milliseconds that a ping takes; throws when it is not answered. */
async function ping({api}: Engine): Promise<number> {
  const start = performance.now();
  const {status} = await api.send('/_ping');
  if (status !== 200) throw new Error(`/_ping: status ${status}`);
  return performance.now() - start;
}

function resident(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

test.serial('idle connections', async t => {
  const count = long ? 10_000 : 500;
  const {pid} = engine().dockerd;
  const before = resident(pid);
  const sockets: net.Socket[] = [];
  while (sockets.length < count) {
    sockets.push(...(await Promise.all(Array.from({length: 50}, () => connect(engine())))));
  }
  const took = await ping(engine());
  t.is((await engine().docker('ps', '-q')).exitCode, 0);
  const more = resident(pid) - before;
  t.log(`${count} idle connections: a ping takes ${took.toFixed(1)} ms, ${more.toFixed(1)} MiB more resident memory`);
  // They are served once they ask for something.
  for (const socket of [sockets[0], sockets.at(-1)] as net.Socket[]) {
    socket.write('GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n');
    const [data] = await new Promise<[Buffer]>(resolve => socket.once('data', (...args: [Buffer]) => resolve(args)));
    t.regex(String(data), /^HTTP\/1.1 200 OK/);
  }
  for (const socket of sockets) socket.destroy();
  t.is(engine().dockerd.pid, pid);
});

test.serial('heads and bodies that come byte by byte', async t => {
  const count = long ? 500 : 50;
  const head = `POST /v1.51/containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;
  const sockets = await Promise.all(Array.from({length: count}, () => connect(engine())));
  for (const [i, socket] of sockets.entries()) {
    if (i % 2 === 1) socket.write(`${head}Content-Length: 100000\r\n\r\n{"Image":"`);
  }
  const slowest: number[] = [];
  for (let round = 0; round < 20; round++) {
    for (const [i, socket] of sockets.entries()) socket.write(i % 2 === 1 ? 'x' : (head[round] as string));
    slowest.push(await ping(engine()));
    await sleep(50);
  }
  t.log(`${count} slow clients: the slowest ping takes ${Math.max(...slowest).toFixed(1)} ms`);
  t.is((await engine().docker('run', '--rm', 'busybox', 'echo', 'ok')).stdout, 'ok');
  for (const socket of sockets) socket.destroy();
});

/** Requests that are wrong in one way or another, some of them hardly so. */
function malformed(i: number): Buffer {
  const good = 'POST /v1.51/containers/create?name=x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}';
  const kinds: (() => string | Buffer)[] = [
    () => randomBytes(1 + (i % 700)),
    () => good.slice(0, i % good.length),
    () => {
      const bytes = Buffer.from(good);
      bytes[i % bytes.length] = i % 256;
      return bytes;
    },
    () => 'GET /info HTTP/1.1\r\n\r\n',
    () => `GET /${'%'.repeat(i % 50)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    () => `GET /info HTTP/${i}.1\r\nHost: x\r\n\r\n`,
    () => `GET /info HTTP/1.1\r\nHost: x\r\nContent-Length: -${i}\r\n\r\n`,
    () => `POST /build HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${randomBytes(8).toString('hex')}`,
    () => `GET /info HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`,
    () => `GET /info HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(i * 5)}\u0000\r\n\r\n`,
    () => `GET /v${i}.${i}/info HTTP/1.1\r\nHost: x\r\n\r\n`,
    () => `GET /containers/json?filters=${'{'.repeat(i % 200)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    () =>
      `POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n[[[[[[[[[`,
  ];
  return Buffer.from((kinds[i % kinds.length] as () => string)());
}

test.serial('1,000 malformed requests', async t => {
  const {pid} = engine().dockerd;
  const answers = new Map<string, number>();
  const one = async (i: number) => {
    const socket = await connect(engine());
    let text = '';
    socket.on('data', data => {
      text += data.toString('latin1');
    });
    socket.end(malformed(i));
    await Promise.race([new Promise(resolve => socket.once('close', resolve)), sleep(10_000)]);
    const status = socket.destroyed ? (/^HTTP\/1\.[01] (\d+)/.exec(text)?.[1] ?? 'closed') : 'hangs';
    answers.set(status, (answers.get(status) ?? 0) + 1);
    socket.destroy();
  };
  for (let i = 0; i < 1000; i += 20) await Promise.all(Array.from({length: 20}, (_, n) => one(i + n)));
  t.log(`answers: ${[...answers].map(([status, count]) => `${status}: ${count}`).join(', ')}`);
  t.false(answers.has('hangs'));
  t.is(answers.get('500') ?? 0, 0);
  t.true((answers.get('400') ?? 0) > 300);
  await ping(engine());
  t.is(engine().dockerd.pid, pid);
  t.is((await engine().docker('run', '--rm', 'busybox', 'echo', 'ok')).stdout, 'ok');
});
