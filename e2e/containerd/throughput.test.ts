/**
 * Large blobs in and out of containerd: how fast, and that its memory stays bounded. 32 MB, or 1 GB with
 * LONGSHORE_LONG=1. Speeds are printed and never fail the test.
 */
import {createHash, randomBytes} from 'node:crypto';
import {closeSync, openSync, readFileSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {callContext} from '@longshore/base';
import {openClient, transfer} from '@longshore/containerd-client';
import {debianExecutables, longshoreExecutables, type StandaloneContainerd} from '@longshore/testing';
import test, {type ExecutionContext} from 'ava';
import {openContainerd} from '../harness/open.ts';

const megabytes = process.env.LONGSHORE_LONG === '1' ? 1000 : 32;
const size = megabytes * 1_000_000;
/** The daemon with everything that it ever loads, and some messages on their way in each direction. */
const maxResident = 320 << 20;

function makeBlob(path: string): string {
  const hash = createHash('sha256');
  const file = openSync(path, 'w');
  for (let i = 0; i < megabytes; i++) {
    const part = randomBytes(1_000_000);
    hash.update(part);
    writeSync(file, part);
  }
  closeSync(file);
  return `sha256:${hash.digest('hex')}`;
}

/** Bytes of the daemon's largest size so far. */
function peakMemory(c: StandaloneContainerd): number {
  const status = readFileSync(`/proc/${c.daemon.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

function cpuSeconds(c: StandaloneContainerd): number {
  const fields = readFileSync(`/proc/${c.daemon.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function timed(t: ExecutionContext, c: StandaloneContainerd, what: string, action: () => Promise<void>) {
  const [start, cpu] = [performance.now(), cpuSeconds(c)];
  await action();
  const seconds = (performance.now() - start) / 1000;
  const used = (((cpuSeconds(c) - cpu) / megabytes) * 1000).toFixed(1);
  const memory = (peakMemory(c) / 2 ** 20).toFixed(0);
  t.log(`${what}: ${(megabytes / seconds).toFixed(0)} MB/s, ${used} s of CPU per GB, peak memory ${memory} MiB`);
}

const clients = {ours: longshoreExecutables().ctr, theirs: debianExecutables.ctr};

test('large blobs in and out, by our ctr and by the original', async t => {
  const c = await openContainerd(t);
  const file = join(c.paths.scratch, 'blob');
  const digest = makeBlob(file);
  // In a namespace of its own each has to send the bytes, and names no digest by which they could be shared.
  for (const [namespace, ctr] of Object.entries(clients)) {
    const run = async (script: string) => {
      const command = `${ctr} --address ${c.paths.containerdSocket} --namespace ${namespace} ${script}`;
      const {exitCode, stdout, stderr} = await c.run(['sh', '-c', command]);
      t.is(exitCode, 0, stderr);
      return stdout;
    };
    await timed(t, c, `${namespace}, in`, async () => {
      await run(`content ingest --expected-size ${size} big < ${file}`);
    });
    await timed(t, c, `${namespace}, out`, async () => {
      t.regex(await run(`content get ${digest} | sha256sum`), new RegExp(`^${digest.slice('sha256:'.length)}`));
    });
  }
  t.true(peakMemory(c) < maxResident, `${peakMemory(c)} bytes`);
});

test('streams of a transfer, in and out at once', async t => {
  const c = await openContainerd(t);
  using client = openClient({address: c.paths.containerdSocket});
  const part = randomBytes(1_000_000);
  let sent = 0;
  let received = 0;
  const bytes = async function* () {
    for (; sent < size; sent += part.length) yield part;
  };
  const write = async (source: AsyncIterable<Uint8Array>) => {
    for await (const {length} of source) received += length;
  };
  const ends = {source: {type: 'import', bytes: bytes()}, destination: {type: 'export', write}} as const;
  await timed(t, c, 'echo', () => transfer(callContext({namespace: 'echo'}), client, ends));
  t.deepEqual([sent, received], [size, size]);
  t.true(peakMemory(c) < maxResident, `${peakMemory(c)} bytes`);
});
