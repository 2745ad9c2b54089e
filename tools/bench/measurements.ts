import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {debianExecutables, descendants, type Engine} from '@longshore/testing';

export interface Measurement {
  name: string;
  title: string;
  unit: 'ms' | 'MB' | 'MB/s';
  /** What the project holds itself to, in words. */
  goal: string;
  /** Median of ours and of the original. */
  measure(ours: Engine, original: Engine): Promise<[number, number]>;
}

export const measurements: Measurement[] = [
  {
    name: 'run',
    title: 'docker run --rm busybox true (bridge, own client)',
    unit: 'ms',
    goal: 'ratio ≤ 0.8',
    measure: (ours, original) =>
      inTurns(15, [
        () => timed(ours, [ours.executables.docker, 'run', '--rm', 'busybox', 'true']),
        () => timed(original, [original.executables.docker, 'run', '--rm', 'busybox', 'true']),
      ]),
  },
  {
    name: 'run-same-client',
    title: "docker run --rm busybox true (bridge, Debian's client)",
    unit: 'ms',
    goal: 'ratio ≤ 0.8',
    measure: (ours, original) =>
      inTurns(15, [
        () => timed(ours, [debianExecutables.docker, 'run', '--rm', 'busybox', 'true']),
        () => timed(original, [debianExecutables.docker, 'run', '--rm', 'busybox', 'true']),
      ]),
  },
  {
    name: 'ps',
    title: 'docker ps',
    unit: 'ms',
    goal: 'ours ≤ 30 ms',
    measure: (ours, original) =>
      inTurns(15, [
        () => timed(ours, [ours.executables.docker, 'ps']),
        () => timed(original, [original.executables.docker, 'ps']),
      ]),
  },
  {
    name: 'exec',
    title: 'docker exec true',
    unit: 'ms',
    goal: 'ratio ≤ 1',
    measure: async (ours, original) => {
      for (const engine of [ours, original])
        await engine.dockerOk('run', '-d', '--name', 'execs', 'busybox', 'sleep', '600');
      const medians = await inTurns(15, [
        () => timed(ours, [ours.executables.docker, 'exec', 'execs', 'true']),
        () => timed(original, [original.executables.docker, 'exec', 'execs', 'true']),
      ]);
      for (const engine of [ours, original]) await engine.dockerOk('rm', '-f', 'execs');
      return medians;
    },
  },
  {
    name: 'start',
    title: 'dockerd: start to ready, no containers',
    unit: 'ms',
    goal: 'ratio ≤ 0.6',
    measure: (ours, original) => inTurns(9, [() => timedStart(ours), () => timedStart(original)]),
  },
  {
    name: 'attach',
    title: '500 MB of attached output, logged to json-file',
    unit: 'MB/s',
    goal: 'ratio ≥ 10',
    measure: async (ours, original) => [await outputRate(ours, '--rm', ''), await outputRate(original, '--rm', '')],
  },
  {
    name: 'attach-none',
    title: '500 MB of attached output, logged nowhere',
    unit: 'MB/s',
    goal: 'no goal',
    measure: async (ours, original) => [
      await outputRate(ours, '--rm --log-driver none', ''),
      await outputRate(original, '--rm --log-driver none', ''),
    ],
  },
  {
    name: 'json-log',
    title: '500 MB of output to json-file, nobody attached',
    unit: 'MB/s',
    goal: 'ratio ≥ 3',
    measure: async (ours, original) => [
      await outputRate(ours, '-d --name talker', 'wait talker'),
      await outputRate(original, '-d --name talker', 'wait talker'),
    ],
  },
  {
    name: 'logs',
    title: 'docker logs of 50 MB in json-file',
    unit: 'MB/s',
    goal: 'no goal',
    measure: async (ours, original) => [await logsRate(ours), await logsRate(original)],
  },
  {
    name: 'exec-output',
    title: '500 MB of output of docker exec',
    unit: 'MB/s',
    goal: 'no goal',
    measure: async (ours, original) => [await execRate(ours), await execRate(original)],
  },
  {
    name: 'shim-memory',
    title: 'memory of one shim among 20 (PSS)',
    unit: 'MB',
    goal: 'ours ≤ 5.5 MB',
    measure: async (ours, original) => [await shimMemory(ours, 20), await shimMemory(original, 20)],
  },
  {
    name: 'shim-memory-100',
    title: 'memory of one shim among 100 (PSS)',
    unit: 'MB',
    goal: 'ours ≤ 5 MB',
    measure: async (ours, original) => [await shimMemory(ours, 100), await shimMemory(original, 100)],
  },
];

/** Takes the measurements of both in turns and gives the median of each; the first turn warms the caches up. */
async function inTurns(
  turns: number,
  takes: [() => Promise<number>, () => Promise<number>],
): Promise<[number, number]> {
  const seen: [number[], number[]] = [[], []];
  for (const take of takes) await take();
  for (let turn = 0; turn < turns; turn++) {
    seen[0].push(await takes[0]());
    seen[1].push(await takes[1]());
  }
  return [median(seen[0]), median(seen[1])];
}

/** Milliseconds of a whole command, from outside; throws when it fails. */
async function timed(engine: Engine, argv: string[]): Promise<number> {
  const start = performance.now();
  const result = await engine.run(argv);
  const elapsed = performance.now() - start;
  if (result.exitCode !== 0) throw new Error(`${argv.join(' ')}: exit code ${result.exitCode}: ${result.stderr}`);
  return elapsed;
}

/** Milliseconds from exec to the first answer to a ping; containerd starts with it. */
async function timedStart({dockerd}: Engine): Promise<number> {
  await dockerd.stop();
  const start = performance.now();
  await dockerd.start();
  return performance.now() - start;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const lineSize = 100;

/** A file with so many lines in the engine's scratch directory. */
function linesFile(engine: Engine, lines: number): string {
  const file = join(engine.paths.scratch, 'lines');
  const line = 'The quick brown fox jumps over the lazy dog. '.repeat(3).slice(0, lineSize - 1);
  writeFileSync(file, `${line}\n`.repeat(lines));
  return file;
}

const catOften = (repeats: number) => `cat ${Array(repeats).fill('/lines').join(' ')}`;

/** 10^6 bytes a second of a container that prints lines of 100 bytes; `then` is a command to wait for, or empty. */
async function outputRate(engine: Engine, flags: string, then: string): Promise<number> {
  const [lines, repeats] = [500_000, 10];
  const file = linesFile(engine, lines);
  const {docker} = engine.executables;
  const run = `${docker} run ${flags} --network none -v ${file}:/lines busybox ${catOften(repeats)} > /dev/null`;
  const milliseconds = await timed(engine, ['sh', '-c', then ? `${run} && ${docker} ${then}` : run]);
  if (then) await engine.dockerOk('rm', '-f', 'talker');
  rmSync(file);
  return (lines * repeats * lineSize) / 1000 / milliseconds;
}

/** 10^6 bytes a second of a log that is read from its beginning. */
async function logsRate(engine: Engine): Promise<number> {
  const lines = 500_000;
  const file = linesFile(engine, lines);
  const {docker} = engine.executables;
  await engine.dockerOk('run', '-d', '--name', 'talker', '-v', `${file}:/lines`, 'busybox', 'cat', '/lines');
  await engine.dockerOk('wait', 'talker');
  const milliseconds = await timed(engine, ['sh', '-c', `${docker} logs talker > /dev/null`]);
  await engine.dockerOk('rm', '-f', 'talker');
  rmSync(file);
  return (lines * lineSize) / 1000 / milliseconds;
}

/** 10^6 bytes a second of the output of a process that is exec'd. */
async function execRate(engine: Engine): Promise<number> {
  const [lines, repeats] = [500_000, 10];
  const file = linesFile(engine, lines);
  const {docker} = engine.executables;
  await engine.dockerOk('run', '-d', '--name', 'talker', '-v', `${file}:/lines`, 'busybox', 'sleep', '600');
  const milliseconds = await timed(engine, ['sh', '-c', `${docker} exec talker ${catOften(repeats)} > /dev/null`]);
  await engine.dockerOk('rm', '-f', 'talker');
  rmSync(file);
  return (lines * repeats * lineSize) / 1000 / milliseconds;
}

/** What a container's start leaves behind is to be given back by then. */
const settleMs = 3000;

/** Mean PSS of a shim in MB (10^6 bytes) while `count` containers run, the last of them for 3 s. */
async function shimMemory(engine: Engine, count: number): Promise<number> {
  const names = Array.from({length: count}, (_, n) => `memory-${n}`);
  for (const name of names)
    await engine.dockerOk('run', '-d', '--network', 'none', '--name', name, 'busybox', 'sleep', '600');
  await sleep(settleMs);
  const shims = descendants(engine.sandbox.pid).filter(p => p.command.includes('containerd-shim-runc-v2'));
  const total = shims.reduce((sum, shim) => sum + proportionalSetSize(shim.pid), 0);
  await engine.dockerOk('rm', '-f', ...names);
  return total / shims.length / 1e6;
}

/** Bytes. */
function proportionalSetSize(pid: number): number {
  const line = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return Number(line?.[1] ?? 0) * 1024;
}
