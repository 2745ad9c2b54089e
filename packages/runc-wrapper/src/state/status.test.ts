import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {readFreezer} from '../cgroups/freezer.ts';
import type {ContainerRecord} from './record.ts';
import {isInitAlive, parseStat, statusOf} from './status.ts';

type Files = Record<string, string>;

/** A record with fake cgroup directories; `self` is this process, which is alive. */
function record(t: {teardown(fn: () => void): void}, v1: Files | undefined, v2: Files | undefined): ContainerRecord {
  const directory = mkdtempSync(join(tmpdir(), 'status-'));
  t.teardown(() => rmSync(directory, {recursive: true}));
  const cgroupPaths: Record<string, string> = {};
  for (const [key, files] of [
    ['freezer', v1],
    ['', v2],
  ] as const) {
    if (!files) continue;
    const path = join(directory, `cgroup-${key}`);
    mkdirSync(path);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
    cgroupPaths[key] = path;
  }
  return {directory, cgroupPaths, pid: process.pid, startTime: ownStartTime()} as ContainerRecord;
}

function ownStartTime(): number {
  return parseStat(readFileSync('/proc/self/stat', 'latin1')).startTime;
}

test('the command in /proc/PID/stat may contain blanks and parentheses', t => {
  const fields = Array.from({length: 49}, (_, i) => String(i + 4)).join(' ');
  t.deepEqual(parseStat(`123 (a) b (c) S ${fields}`), {state: 'S', startTime: 22});
});

test('created while exec.fifo exists, then running', t => {
  const container = record(t, {'freezer.state': 'THAWED\n'}, undefined);
  t.is(statusOf(container), 'running');
  writeFileSync(join(container.directory, 'exec.fifo'), '');
  t.is(statusOf(container), 'created');
});

test('another start time means that the pid was given to another process', t => {
  const container = record(t, undefined, undefined);
  t.true(isInitAlive(container));
  t.false(isInitAlive({...container, startTime: container.startTime + 1}));
  t.is(statusOf({...container, startTime: container.startTime + 1}), 'stopped');
  t.false(isInitAlive({pid: 0, startTime: 0}));
  t.false(isInitAlive({pid: 2 ** 22 + 1, startTime: 1}));
});

test('a zombie has stopped', async t => {
  const child = spawn('sh', ['-c', 'exec 1>&-; sleep 0 & exec sleep 60'], {stdio: ['ignore', 'pipe', 'ignore']});
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'close');
  // The shell has become `sleep 60`, which never waits for the other one: that stays a zombie.
  const children = () => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'latin1').trim();
  for (let i = 0; i < 200 && !isZombie(children()); i++) await new Promise(resolve => setTimeout(resolve, 5));
  t.true(isZombie(children()));
  t.false(isInitAlive({pid: Number(children()), startTime: 0}));
});

function isZombie(pid: string): boolean {
  return pid !== '' && parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1')).state === 'Z';
}

test('v1: frozen by itself is paused, frozen by a parent is not', t => {
  const paused = {'freezer.state': 'FROZEN\n', 'freezer.self_freezing': '1\n'};
  t.is(statusOf(record(t, paused, undefined)), 'paused');
  t.is(statusOf(record(t, {...paused, 'freezer.self_freezing': '0\n'}, undefined)), 'running');
  t.is(readFreezer(record(t, {...paused, 'freezer.state': 'FREEZING\n'}, undefined).cgroupPaths), 'freezing');
});

test('v2: paused once the kernel says frozen', t => {
  const asked = {'cgroup.freeze': '1\n', 'cgroup.events': 'populated 1\nfrozen 0\n'};
  t.is(readFreezer(record(t, undefined, asked).cgroupPaths), 'freezing');
  t.is(statusOf(record(t, undefined, {...asked, 'cgroup.events': 'populated 1\nfrozen 1\n'})), 'paused');
  t.is(statusOf(record(t, undefined, {...asked, 'cgroup.freeze': '0\n'})), 'running');
});

test('hybrid: the v1 freezer counts, beside a v2 directory', t => {
  const v2 = {'cgroup.freeze': '1\n', 'cgroup.events': 'frozen 1\n'};
  t.is(statusOf(record(t, {'freezer.state': 'THAWED\n'}, v2)), 'running');
});

test('without a cgroup nothing is frozen', t => {
  t.is(readFreezer({}), 'none');
  t.is(readFreezer({freezer: '/nonexistent'}), 'none');
});
