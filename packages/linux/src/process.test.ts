import {readFileSync} from 'node:fs';
import test from 'ava';
import {
  closeFd,
  getrlimit,
  kill,
  parentOf,
  pidfdOpen,
  pidfdSendSignal,
  processExists,
  processStartTime,
  processState,
  readKernelFile,
  setChildSubreaper,
  setOomScoreAdj,
  setParentDeathSignal,
  setProcessName,
  setrlimit,
  spawnProcess,
  umask,
  unlimited,
  waitPidSync,
} from './index.ts';
import {tempDir} from './test-support.ts';

const env = {PATH: process.env.PATH};

test('start time, state and parent are read past a command with spaces and parentheses', t => {
  const script = 'printf "a) S 1 (b" > /proc/self/comm; read -r _ < /dev/zero';
  const pid = spawnProcess({path: 'bash', argv: ['bash', '-c', script], env, fds: []});
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()!.split(' ');
  t.is(parentOf(pid), process.pid);
  t.is(processStartTime(pid), Number(fields[19]));
  t.regex(processState(pid), /^[RSD]$/);
  kill(pid, 'KILL');
  waitPidSync(pid);
  t.throws(() => processStartTime(pid), {code: 'not-found'});
  t.false(processExists(pid));
});

test('a pidfd signals its process and no other', t => {
  const pid = spawnProcess({path: 'sleep', argv: ['sleep', '60'], env, fds: []});
  const fd = pidfdOpen(pid);
  pidfdSendSignal(fd, 'TERM');
  t.is(waitPidSync(pid).status, 15);
  t.throws(() => pidfdSendSignal(fd, 'TERM'), {code: 'not-found'});
  closeFd(fd);
  t.throws(() => pidfdOpen(pid), {code: 'not-found'});
});

test('the process is renamed, as far as the kernel keeps names', t => {
  setProcessName('longshore-test-name');
  t.is(readKernelFile('/proc/self/comm'), 'longshore-test-\n');
});

test('orphans come to a subreaper', async t => {
  setChildSubreaper();
  const file = `${tempDir(t)}/pid`;
  const parent = spawnProcess({path: 'sh', argv: ['sh', '-c', `sleep 60 & echo $! > ${file}`], env, fds: []});
  waitPidSync(parent);
  const orphan = Number(readFileSync(file, 'utf8'));
  t.is(parentOf(orphan), process.pid);
  kill(orphan, 'KILL');
  t.is(waitPidSync(orphan).status, 9);
  setChildSubreaper(false);
});

test('limits and umask can be read and set', t => {
  const before = getrlimit('core');
  setrlimit('core', {soft: 0n, hard: before.hard});
  t.deepEqual(getrlimit('core'), {soft: 0n, hard: before.hard});
  t.deepEqual(getrlimit('core', process.pid), {soft: 0n, hard: before.hard});
  setrlimit('core', before);
  t.true(getrlimit('cpu').hard <= unlimited);
  const mask = umask(0o077);
  t.is(umask(mask), 0o077);
});

test('the killer of last resort can be told to take us first', t => {
  setOomScoreAdj(500);
  t.is(readKernelFile('/proc/self/oom_score_adj'), '500\n');
});

test('a signal can be asked for at the end of the parent, by number or name', t => {
  setParentDeathSignal('SIGURG');
  setParentDeathSignal(0);
  t.throws(() => setParentDeathSignal('NOPE'), {code: 'invalid-argument'});
});
