import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import type {ExecutionContext} from 'ava';
import {
  type Cgroup,
  cgroupAt,
  cgroupFromDirectories,
  cgroupMode,
  cgroupOf,
  controllerMounts,
  isErrno,
  kill,
  processState,
  spawnProcess,
  waitPid,
  waitPidSync,
} from '../index.ts';
import {rootTest, tempDir} from '../test-support.ts';

const env = {PATH: process.env.PATH};
const top = `/ls-linux-test-${process.pid}`;
let count = 0;

/** A cgroup that is emptied and removed with the test, together with the parent of all. */
function newCgroup(t: ExecutionContext): Cgroup {
  const cgroup = cgroupAt(`${top}/${count++}`);
  cgroup.create();
  t.teardown(async () => {
    await cgroup.killAll();
    await cgroupAt(top).remove();
  });
  return cgroup;
}

function start(script: string, ...cgroups: Cgroup[]): number {
  // The shell waits until it has been moved, so that nothing it does happens outside.
  const pid = spawnProcess({path: 'sh', argv: ['sh', '-c', `kill -STOP $$; ${script}`], env, fds: []});
  while (processState(pid) !== 'T');
  for (const cgroup of cgroups) cgroup.addProcess(pid);
  kill(pid, 'CONT');
  return pid;
}

/** Reaps our children: what is killed stays a zombie until then, and a pid that is one may be waited for only once. */
function reap(pid: number): void {
  try {
    waitPidSync(pid);
  } catch (error) {
    if (!isErrno(error, 'ECHILD')) throw error;
  }
}

rootTest('the mode and the mounts agree', t => {
  const mounts = controllerMounts();
  const expected = {v1: !mounts.has(''), hybrid: mounts.has('') && mounts.size > 1, v2: mounts.size === 1};
  t.true(expected[cgroupMode()]);
  for (const {mountPoint} of mounts.values()) t.true(existsSync(`${mountPoint}/cgroup.procs`), mountPoint);
  t.true(cgroupOf('self').exists());
});

rootTest('processes are put in, listed, and ended; the cgroup is removed', async t => {
  const cgroup = newCgroup(t);
  t.true(cgroup.exists());
  t.deepEqual(cgroup.processes(), []);
  const pid = start('sleep 60 & sleep 60 & sleep 60', cgroup);
  while (cgroup.processes().length < 4) await sleep(5);
  t.true(cgroup.processes().includes(pid));
  t.deepEqual([...cgroupOf(pid).directories].toSorted(), [...cgroup.directories].toSorted());
  await cgroup.killAll();
  t.deepEqual(cgroup.allProcesses(), []);
  t.is(waitPidSync(pid).status, 9);
  await cgroup.remove();
  t.false(cgroup.exists());
  await cgroup.remove();
});

rootTest('removal waits for processes that are still leaving, and takes cgroups below', async t => {
  const cgroup = newCgroup(t);
  const below = cgroupAt(`${top}/${count - 1}/below/deeper`);
  below.create();
  const pid = start('exec sleep 60', below);
  t.deepEqual(cgroup.processes(), []);
  t.deepEqual(cgroup.allProcesses(), [pid]);
  await t.throwsAsync(cgroup.remove({timeoutMs: 50}), {code: 'deadline-exceeded'});
  const removing = cgroup.remove();
  kill(pid, 'KILL');
  await removing;
  t.false(cgroup.exists());
  reap(pid);
});

rootTest('a frozen cgroup stands still, thaws, and can be ended while frozen', async t => {
  const cgroup = newCgroup(t);
  const pid = start('while :; do :; done', cgroup);
  await cgroup.freeze();
  t.true(cgroup.isFrozen());
  const ticks = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ').slice(13, 15).join();
  const before = ticks();
  await sleep(50);
  t.is(ticks(), before);
  await cgroup.thaw();
  t.false(cgroup.isFrozen());
  while (ticks() === before) await sleep(10);
  await cgroup.freeze();
  await cgroup.killAll();
  t.is(waitPidSync(pid).status, 9);
});

rootTest('limits are set and changed up and down', async t => {
  const cgroup = newCgroup(t);
  cgroup.update({
    memory: {limit: 64 << 20, swap: 64 << 20},
    pids: {limit: 5},
    cpu: {shares: 512, quota: 20_000, period: 50_000},
  });
  cgroup.update({memory: {limit: 256 << 20, swap: 256 << 20}, cpu: {quota: 20_000, period: 10_000}});
  cgroup.update({memory: {limit: 32 << 20, swap: 32 << 20}});
  const statistics = cgroup.statistics();
  if (statistics.version === 1) t.is(statistics.memory!.usage.limit, 32n << 20n);
  else t.is(statistics.memory!.usageLimit, 32n << 20n);
  t.is(statistics.pids!.limit, 5n);
  const pid = start('sleep 60 & sleep 60 & sleep 60 & sleep 60 & sleep 60 & wait', cgroup);
  t.not(waitPidSync(pid).status, 0, 'the fifth child cannot be forked');
  cgroup.update({memory: {limit: -1, swap: -1}, pids: {limit: 0}});
});

rootTest('use is counted', async t => {
  const cgroup = newCgroup(t);
  const script = 'x=$(head -c 8000000 /dev/zero | tr "\\0" a); while :; do sleep 60; done';
  const pid = start(script, cgroup);
  const use = () => {
    const statistics = cgroup.statistics();
    return statistics.version === 1
      ? {cpuNs: statistics.cpu!.usage.total, memory: statistics.memory!.usage.usage}
      : {cpuNs: statistics.cpu!.usageUsec * 1000n, memory: statistics.memory!.usage};
  };
  for (let i = 0; i < 1000 && use().memory < 8_000_000n; i++) await sleep(10);
  t.true(use().memory >= 8_000_000n);
  t.true(use().cpuNs > 100_000n);
  t.true(cgroup.statistics().pids!.current >= 1n);
  await cgroup.killAll();
  reap(pid);
});

rootTest('running out of memory is told while it happens, and counted', async t => {
  const cgroup = newCgroup(t);
  cgroup.update({memory: {limit: 24 << 20, swap: 24 << 20}});
  let told = 0;
  using watch = cgroup.watchOom(() => void told++);
  t.truthy(watch);
  const pid = start('tail /dev/zero; exec sleep 60', cgroup);
  for (let i = 0; i < 1000 && (told === 0 || cgroup.oomKills() === 0n); i++) await sleep(10);
  t.true(told > 0);
  t.true(cgroup.oomKills()! > 0n);
  t.is(waitPid(pid), undefined, 'only the hungry one was killed');
  kill(pid, 'KILL');
  reap(pid);
});

rootTest('the end of the cgroup ends the watch without an event', async t => {
  const cgroup = newCgroup(t);
  let told = 0;
  using watch = cgroup.watchOom(() => void told++);
  t.truthy(watch);
  await cgroup.remove();
  await sleep(50);
  t.is(told, 0);
});

/** The v2 hierarchy by itself, which even a machine with v1 controllers has. */
function unifiedCgroup(t: ExecutionContext): Cgroup | undefined {
  const mount = controllerMounts().get('');
  if (!mount) return undefined;
  const cgroup = cgroupFromDirectories({'': `${mount.mountPoint}${top}-v2-${count++}/below`});
  cgroup.create();
  t.teardown(async () => {
    await cgroup.killAll();
    await cgroupFromDirectories({'': dirname(cgroup.directories.get('')!)}).remove();
  });
  return cgroup;
}

rootTest('v2: processes are frozen and ended by the kernel itself', async t => {
  const cgroup = unifiedCgroup(t);
  if (!cgroup) {
    t.pass('no cgroup2 is mounted');
    return;
  }
  t.is(cgroup.version, 2);
  const pid = start('sleep 60 & sleep 60', cgroup);
  while (cgroup.processes().length < 3) await sleep(5);
  await cgroup.freeze();
  t.true(cgroup.isFrozen());
  await cgroup.thaw();
  t.false(cgroup.isFrozen());
  await cgroup.freeze();
  await cgroup.killAll();
  t.is(waitPidSync(pid).status, 9);
  await cgroup.remove();
  t.false(cgroup.exists());
});

rootTest('v2: only kills count as running out of memory', async t => {
  const directory = tempDir(t);
  const events = `${directory}/memory.events`;
  writeFileSync(events, 'oom 0\noom_kill 2\n');
  let told = 0;
  using watch = cgroupFromDirectories({'': directory}).watchOom(() => void told++);
  t.truthy(watch);
  const write = async (text: string) => {
    writeFileSync(events, text);
    await sleep(30);
  };
  await write('oom 1\noom_kill 2\n');
  t.is(told, 0);
  await write('oom 1\noom_kill 3\n');
  for (let i = 0; i < 100 && told === 0; i++) await sleep(10);
  t.is(told, 1);
});
