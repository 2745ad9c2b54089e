/** Statistics of many containers at once: what they cost. Ten by default, a hundred with LONGSHORE_LONG=1. */
import {readFileSync} from 'node:fs';
import {descendants} from '@longshore/testing';
import test from 'ava';
import {sharedEngine} from '../harness/shared-engine.ts';

const isLong = process.env.LONGSHORE_LONG === '1';
const count = isLong ? 100 : 10;
const seconds = isLong ? 10 : 3;
const atOnce = 10;

const engine = sharedEngine(test);

/** Seconds of processor time of all processes of the engine so far. */
function processorTime(): number {
  const ticks = [...new Set([engine().dockerd.pid, ...descendants(engine().sandbox.pid).map(({pid}) => pid)])].map(
    pid => {
      try {
        const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
        return Number(fields[11]) + Number(fields[12]);
      } catch {
        return 0; // it has ended meanwhile
      }
    },
  );
  return ticks.reduce((sum, each) => sum + each, 0) / 100;
}

const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds));

test('a stream for each of many containers', async t => {
  t.timeout(300_000);
  const names = Array.from({length: count}, (_each, i) => `many-${i}`);
  for (let i = 0; i < count; i += atOnce) {
    const some = names.slice(i, i + atOnce);
    await Promise.all(some.map(name => engine().dockerOk('run', '-d', '--name', name, 'busybox', 'sleep', '600')));
  }
  const stop = new AbortController();
  const documents = new Map(names.map(name => [name, 0]));
  const streams = names.map(async name => {
    const stream = await engine().api.stream(`/containers/${name}/stats`, {signal: stop.signal});
    try {
      for await (const piece of stream) {
        t.is(JSON.parse(String(piece)).name, `/${name}`);
        documents.set(name, (documents.get(name) ?? 0) + 1);
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
  });
  await pause(2000);
  const before = processorTime();
  const start = performance.now();
  await pause(seconds * 1000);
  const share = ((processorTime() - before) / (performance.now() - start)) * 1000 * 100;
  stop.abort();
  await Promise.all(streams);
  t.log(`${count} containers: ${share.toFixed(1)} % of a core for the whole engine`);
  for (const [name, number] of documents) t.true(number >= 2, `${name}: ${number} documents`);
  for (let i = 0; i < count; i += atOnce) await engine().dockerOk('rm', '-f', ...names.slice(i, i + atOnce));
});
