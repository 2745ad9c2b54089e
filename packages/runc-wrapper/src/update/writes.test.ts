import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {ContainerRecord} from '../state/record.ts';
import {writeLimits} from './limit-files.ts';
import {type Limits, limitsOf} from './resource-fields.ts';
import {storeLimits} from './stored-limits.ts';
import {writesV1} from './writes-v1.ts';
import {writesV2} from './writes-v2.ts';

/** A directory that has these files, as a cgroup would. */
function directoryWith(t: ExecutionContext, files: Record<string, string>): string {
  const directory = mkdtempSync(join(tmpdir(), 'limits-'));
  t.teardown(() => rmSync(directory, {recursive: true}));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

const v2Files = {'cpu.max': 'max 100000\n', 'cgroup.controllers': 'cpu memory pids\n', 'memory.current': '1000\n'};

function v2(t: ExecutionContext, limits: Limits, before: Limits = {}, files: Record<string, string> = {}) {
  const directory = directoryWith(t, {...v2Files, ...files});
  return Object.fromEntries(writesV2(directory, limits, before).map(({file, value}) => [file, value]));
}

test('v2: shares, weights and limits of v1 become those of v2', t => {
  t.deepEqual(
    v2(t, {cpu_shares: 1024, pids_limit: -1, memory_reservation: -1, cpuset_cpus: '0-1', blkio_weight: 1000}),
    {
      'cpu.weight': '39',
      'pids.max': 'max',
      'memory.low': 'max',
      'cpuset.cpus': '0-1',
      'io.weight': '10000',
    },
  );
  t.deepEqual(v2(t, {blkio_weight: 1000}, {}, {'io.bfq.weight': ''}), {'io.bfq.weight': '1000'});
  t.deepEqual(v2(t, {cpu_idle: 1, cpu_burst: 0}), {'cpu.idle': '1', 'cpu.max.burst': '0'});
});

test('v2: quota and period keep each other', t => {
  t.deepEqual(v2(t, {cpu_quota: 5000}), {'cpu.max': '5000 100000'});
  t.deepEqual(v2(t, {cpu_period: 2000}, {}, {'cpu.max': '1000 100000\n'}), {'cpu.max': '1000 2000'});
  t.deepEqual(v2(t, {cpu_quota: -1}, {}, {'cpu.max': '1000 7000\n'}), {'cpu.max': 'max 7000'});
});

test('v2: swap is what is beyond memory', t => {
  t.deepEqual(v2(t, {memory: 100, memory_swap: 300}), {'memory.swap.max': '200', 'memory.max': '100'});
  t.deepEqual(v2(t, {memory: 100, memory_swap: 100}), {'memory.swap.max': '0', 'memory.max': '100'});
  t.deepEqual(v2(t, {memory: 100}, {memory: 50, memory_swap: 300}), {'memory.swap.max': '200', 'memory.max': '100'});
  t.deepEqual(v2(t, {memory_swap: 300}, {memory: 50}), {'memory.swap.max': '250'});
  t.deepEqual(v2(t, {memory: -1}, {memory: 50, memory_swap: 300}), {'memory.swap.max': 'max', 'memory.max': 'max'});
  t.throws(() => v2(t, {memory_swap: 300}), {message: 'unable to set swap limit without memory limit'});
  t.throws(() => v2(t, {memory: 300, memory_swap: 200}), {message: 'memory+swap limit should be >= memory limit'});
});

test('v2: a check of the present use on request; files by their names', t => {
  t.throws(() => v2(t, {memory: 500, memory_check_before_update: true}), {
    message: 'rejecting memory limit 500 < usage 1000',
  });
  t.deepEqual(v2(t, {unified: {'memory.high': '5', 'cgroup.max.depth': '1'}}), {
    'memory.high': '5',
    'cgroup.max.depth': '1',
  });
  t.throws(() => v2(t, {unified: {'../x': '1'}}), {message: /must be a file name/});
  t.throws(() => v2(t, {unified: {'hugetlb.1GB.max': '1'}}), {message: /controller "hugetlb" not available/});
});

test('v1: no unified limits, and no limits of a controller that is not there', t => {
  t.throws(() => writesV1({}, {unified: {a: '1'}}), {
    message: 'invalid configuration: cannot use unified on cgroup v1',
  });
  t.throws(() => writesV1({}, {pids_limit: 5}), {
    message: 'cannot set pids limit: container could not join or create cgroup',
  });
});

test('v1: all digits of large numbers', t => {
  const [write] = writesV1({memory: '/none'}, {memory: 2 ** 62});
  t.is(write?.value, '4611686018427387904');
});

test('a write that fails takes the earlier ones back', t => {
  const directory = directoryWith(t, {first: 'old\n', second: 'older\n'});
  mkdirSync(join(directory, 'third'));
  const write = (file: string) => ({directory, file, value: 'new'});
  t.throws(() => writeLimits([write('first'), write('second'), write('third')]), {message: /is a directory/});
  t.is(readFileSync(join(directory, 'first'), 'utf8').slice(0, 3), 'old');
  t.is(readFileSync(join(directory, 'second'), 'utf8').slice(0, 5), 'older');
  t.throws(() => writeLimits([write('missing')]), {message: `open ${directory}/missing: no such file or directory`});
});

test('zero and nothing leave a limit as it is, but for those of which zero is a value', t => {
  const resources = {memory: {limit: 0, swap: null}, cpu: {cpus: '', burst: 0, idle: 0, shares: 0}, pids: null};
  t.deepEqual(limitsOf(resources as never), {cpu_burst: 0, cpu_idle: 0});
});

test('the state keeps numbers that a JavaScript number cannot hold', t => {
  const text = '{"config":{"cgroups":{"memory":1,"x":18446744073709551615},"rlimits":[9223372036854775807]}}';
  const directory = directoryWith(t, {'state.json': text});
  storeLimits({format: 'runc', directory} as ContainerRecord, {memory: 2});
  t.is(readFileSync(join(directory, 'state.json'), 'utf8'), text.replace('"memory":1', '"memory":2'));
});
