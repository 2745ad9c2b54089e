/** One run of the suite with one runtime: in own namespaces, in an own cgroup of every hierarchy. */
import {spawn} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Suite} from './runc-suite.ts';

export type TestResult = 'passed' | 'failed' | 'skipped';

export interface SuiteRun {
  name: string;
  /** The runtime: a path, with options before the command if need be. */
  command: string;
  /** Names of .bats files; all if empty. */
  files: readonly string[];
  /** Regular expression for the names of tests. */
  filter: string | undefined;
}

/** Runs the suite to its end; the log is what bats wrote, with the output of failed tests. */
export async function runSuite(
  suite: Suite,
  {name, command, files, filter}: SuiteRun,
): Promise<{tests: Map<string, TestResult>; log: string}> {
  const directory = join(suite.work, `run-${name}`);
  mkdirSync(directory);
  const runtime = join(directory, 'runc');
  writeFileSync(runtime, `#!/bin/sh\nexec ${command} "$@"\n`, {mode: 0o755});
  const cgroup = `runc-suite-${process.pid}-${name}`;
  const cgroups = makeCgroups(cgroup);
  try {
    const all = readdirSync(suite.tests).filter(file => file.endsWith('.bats'));
    const chosen = (files.length === 0 ? all : [...files]).sort().map(file => join(suite.tests, file));
    const bats = ['bats', '--tap', ...(filter === undefined ? [] : ['--filter', filter]), ...chosen];
    const log = await runInside(cgroups, bats, {RUNC: runtime, TMPDIR: directory, LONGSHORE_RUN: cgroup});
    return {tests: parseTap(log), log};
  } finally {
    for (const path of cgroups) removeCgroup(path);
    for (const path of hierarchies()) removeCgroup(join(path, `runc-cgroups-integration-test-${cgroup}`));
  }
}

/** The mount point of every hierarchy of this host; that of v2 alone is /sys/fs/cgroup itself. */
function hierarchies(): string[] {
  return [...readFileSync('/proc/self/mountinfo', 'utf8').matchAll(/^(?:\S+ ){4}(\S+) .* - cgroup2? /gm)].map(
    match => match[1]!,
  );
}

/** Runtimes put a container without a cgroupsPath below their own cgroup: so two runs do not meet. */
function makeCgroups(name: string): string[] {
  return hierarchies().map(hierarchy => {
    const path = join(hierarchy, name);
    mkdirSync(path);
    for (const file of ['cpuset.cpus', 'cpuset.mems'])
      if (hierarchy !== '/sys/fs/cgroup' && existsSync(join(path, file)))
        writeFileSync(join(path, file), readFileSync(join(hierarchy, file)));
    return path;
  });
}

/** With a terminal, which bats' tests of `runc run` want; what bats writes goes to a file all the same. */
async function runInside(cgroups: readonly string[], args: string[], env: Record<string, string>): Promise<string> {
  const log = join(env.TMPDIR!, 'log');
  const inside = join(env.TMPDIR!, 'inside');
  const enter = cgroups.map(path => `echo $$ > ${path}/cgroup.procs`).join('\n');
  const words = args.map(word => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  writeFileSync(inside, `set -e\n${enter}\nip link set lo up\nexec ${words} > ${log} 2>&1\n`);
  const namespaces = ['-m', '-n', '--propagation', 'private'];
  const child = spawn('unshare', [...namespaces, 'script', '-qec', `sh ${inside}`, '/dev/null'], {
    env: {...process.env, ...env},
    stdio: 'ignore',
  });
  await new Promise((done, fail) => child.on('error', fail).on('exit', done));
  return readFileSync(log, 'utf8');
}

function parseTap(log: string): Map<string, TestResult> {
  const tests = new Map<string, TestResult>();
  for (const [, not, name, skip] of log.matchAll(/^(not )?ok \d+ (.*?)( # skip.*)?$/gm))
    tests.set(name!, not ? 'failed' : skip ? 'skipped' : 'passed');
  return tests;
}

/** With those below it. What a failed test left running in them is ended. */
function removeCgroup(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, {withFileTypes: true}))
    if (entry.isDirectory()) removeCgroup(join(path, entry.name));
  for (let attempt = 0; existsSync(path) && attempt < 100; attempt++) {
    for (const pid of readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean))
      if (pid !== '0' && Number(pid) !== process.pid) tryKill(Number(pid));
    try {
      rmdirSync(path);
    } catch {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50); // the killed need a moment
    }
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
