/** The promise of the spool: whatever is killed, and when, every line is in the log exactly once. */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {sleep} from '@longshore/base';
import test from 'ava';
import {jsonFormat} from '../file-log/json-format.ts';
import {localFormat} from '../file-log/local-format.ts';

const script = new URL('pump-process.testing.ts', import.meta.url).pathname;

type Driver = 'json-file' | 'local';

function openPump(directory: string, log: string, mode: 'create' | 'reopen', driver: Driver): ChildProcess {
  return spawn(process.execPath, [script, directory, log, mode, driver], {stdio: ['ignore', 'pipe', 'inherit']});
}

/** The log over all its files, oldest first. */
function readLog(path: string, driver: Driver): string[] {
  const number = (name: string) => Number(/\.(\d+)$/.exec(name)?.[1] ?? 0);
  const names = readdirSync(join(path, '..')).sort((a, b) => number(b) - number(a));
  const format = driver === 'local' ? localFormat : jsonFormat;
  const entries = names.flatMap(name => format.decoder().push(readFileSync(join(path, '..', name))));
  return entries.map(entry => String(entry?.line));
}

/** Waits for what must come; the comparison at the end says what is wrong if it does not. */
async function until(condition: () => boolean): Promise<void> {
  for (let n = 0; n < 3000 && !condition(); n++) await sleep(10);
}

for (const driver of ['json-file', 'local'] as const) {
  test(`${driver}: killed before it noted where the log ends, and again at once, a pump doubles nothing`, async t => {
    t.timeout(600_000);
    const directory = mkdtempSync(join(tmpdir(), 'ls-spool-'));
    t.teardown(() => rmSync(directory, {recursive: true}));
    const logs = mkdtempSync(join(directory, 'logs-'));
    const log = join(logs, 'x-json.log');
    const checkpoint = join(directory, 'c', 'log.checkpoint');
    const killed = async (pump: ChildProcess) => {
      pump.kill('SIGKILL');
      await once(pump, 'exit');
    };
    const first = openPump(directory, log, 'create', driver);
    await once(first.stdout!, 'data');
    const fifos = ['stdout', 'stderr'].map(name =>
      openSync(join(directory, 'c', `c-${name}`), constants.O_RDWR | constants.O_NONBLOCK),
    );
    t.teardown(() => fifos.forEach(closeSync));
    const before = readFileSync(checkpoint);
    const expected = Array.from({length: 40}, (_, n) => `line ${n}`);
    for (const [n, line] of expected.entries()) writeSync(fifos[n % 2]!, `${line}\n`);
    await until(() => readLog(log, driver).length === expected.length);
    await killed(first);
    // As if it had been killed between the writing and the noting.
    writeFileSync(checkpoint, before);
    const next = openPump(directory, log, 'reopen', driver);
    await once(next.stdout!, 'data');
    await killed(next);
    const last = openPump(directory, log, 'reopen', driver);
    await once(last.stdout!, 'data');
    last.kill('SIGTERM');
    await once(last, 'exit');
    t.deepEqual(readLog(log, driver).toSorted(), expected.map(line => `${line}\n`).toSorted());
  });

  test(`${driver}: a pump that is killed again and again loses no line and doubles none`, async t => {
    t.timeout(600_000);
    const directory = mkdtempSync(join(tmpdir(), 'ls-spool-'));
    t.teardown(() => rmSync(directory, {recursive: true}));
    const logs = mkdtempSync(join(directory, 'logs-'));
    const log = join(logs, 'x-json.log');
    let pump = openPump(directory, log, 'create', driver);
    await once(pump.stdout!, 'data');
    // Like the shim: both ends are open, so that the pipe outlives its reader.
    const fifo = openSync(join(directory, 'c', 'c-stdout'), constants.O_RDWR | constants.O_NONBLOCK);
    t.teardown(() => closeSync(fifo));
    const expected: string[] = [];
    let pending = Buffer.alloc(0);
    const write = () => {
      if (pending.length === 0) {
        // The same text often: recovery must count records, not compare them. Some are longer than a record.
        const text =
          expected.length % 7 === 0
            ? 'same'
            : `${expected.length} ${'x'.repeat(expected.length % 90 === 0 ? 20_000 : 30)}`;
        pending = Buffer.from(`${text}\n`);
        expected.push(text);
      }
      try {
        pending = pending.subarray(writeSync(fifo, pending));
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        return false; // full: its reader is dead, or behind
      }
    };
    for (let round = 0; round < 6; round++) {
      for (const end = Date.now() + 40 + round * 13; Date.now() < end; ) if (!write()) await sleep(1);
      pump.kill('SIGKILL');
      await once(pump, 'exit');
      for (let i = 0; i < 20; i++) write();
      pump = openPump(directory, log, 'reopen', driver);
      await once(pump.stdout!, 'data');
    }
    while (pending.length > 0) if (!write()) await sleep(1);
    pump.kill('SIGTERM');
    await once(pump, 'exit');
    const records = readLog(log, driver);
    t.true(expected.length > 1000, `only ${expected.length} lines`);
    t.deepEqual(records.join('').split('\n').slice(0, -1), expected);
    t.deepEqual(readdirSync(directory), [logs.split('/').pop()!]);
  });
}
