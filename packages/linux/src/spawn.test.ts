import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {
  closeFd,
  dup,
  exitedNormally,
  exitStatus,
  findProgram,
  getrlimit,
  isErrno,
  kill,
  openPipeReader,
  peekAny,
  pipe,
  processState,
  type SpawnOptions,
  setCloexec,
  spawnProcess,
  termSignal,
  waitPid,
  waitPidSync,
} from './index.ts';
import {tempDir} from './test-support.ts';

const env = {PATH: process.env.PATH};

/** Output and status of a program; the test's own children are reaped by pid, so tests do not steal each other's. */
async function run(options: Partial<SpawnOptions> & {argv: string[]}): Promise<{output: string; status: number}> {
  const {read, write} = pipe();
  const pid = spawnProcess({path: options.argv[0]!, env, fds: [-1, write, write], ...options});
  closeFd(write);
  let output = '';
  for await (const chunk of openPipeReader(read)) output += chunk;
  return {output, status: waitPidSync(pid).status};
}

test('arguments, environment and directory arrive; undefined variables do not', async t => {
  const dir = tempDir(t);
  const script = 'printf "%s|" "$0" "$@"; pwd; env | sort | grep -v -e PWD -e SHLVL -e "^_="';
  const argv = ['sh', '-c', script, 'a b', 'ü'];
  const {output, status} = await run({argv, env: {A: '1', B: undefined, PATH: env.PATH}, cwd: dir});
  t.is(output, `a b|ü|${dir}\nA=1\nPATH=${env.PATH}\n`);
  t.is(status, 0);
});

test('the child has exactly the given descriptors, whatever their numbers were', async t => {
  const {read, write} = pipe();
  const inherited = dup(read, 40);
  setCloexec(inherited, false); // a descriptor that someone forgot to protect
  // 3 and 4 are swapped with respect to where they may be now: dup2 in the wrong order would lose one.
  const listing = await run({argv: ['sh', '-c', 'exec ls -l /proc/self/fd'], fds: [-1, write, -1, read, write]});
  closeFd(write);
  let output = '';
  for await (const chunk of openPipeReader(read)) output += chunk;
  closeFd(inherited);
  t.is(listing.status, 0);
  const open = [...output.matchAll(/ (\d+) -> (\S+)/g)].map(match => `${match[1]} ${match[2]!.replace(/\d+/g, '')}`);
  t.deepEqual(open.slice(0, 5), ['0 /dev/null', '1 pipe:[]', '2 /dev/null', '3 pipe:[]', '4 pipe:[]']);
  t.is(open.length, 6, `${output}\none more is ls reading its directory`);
});

test('descriptors 0 to 2 are /dev/null if none are given', async t => {
  const file = `${tempDir(t)}/out`;
  const pid = spawnProcess({path: 'sh', argv: ['sh', '-c', `ls -l /proc/$$/fd > ${file}`], env, fds: []});
  t.is(waitPidSync(pid).status, 0);
  const text = readFileSync(file, 'utf8');
  for (const fd of [0, 2]) t.regex(text, new RegExp(` ${fd} -> /dev/null`));
});

test('signals are at their default and unblocked', async t => {
  const {output} = await run({argv: ['sh', '-c', 'grep -E "Sig(Blk|Ign)" /proc/self/status']});
  t.is(output.replace(/\s+/g, ' '), 'SigBlk: 0000000000000000 SigIgn: 0000000000000000 ');
});

test('a process group or session of its own', async t => {
  const script =
    'read -r pid comm state ppid pgrp session rest < /proc/self/stat; echo $((pid == pgrp)) $((pid == session))';
  t.is((await run({argv: ['sh', '-c', script]})).output, '0 0\n');
  t.is((await run({argv: ['sh', '-c', script], processGroup: true})).output, '1 0\n');
  t.is((await run({argv: ['sh', '-c', script], newSession: true})).output, '1 1\n');
});

test('failures to start are typed', t => {
  const dir = tempDir(t);
  writeFileSync(`${dir}/plain`, 'text', {mode: 0o644});
  mkdirSync(`${dir}/directory`);
  const start = (options: Partial<SpawnOptions>) => () =>
    spawnProcess({path: '/bin/true', argv: ['x'], env, fds: [], ...options});
  t.is(codeOf(t.throws(start({path: `${dir}/none`}))), 'not-found');
  t.is(codeOf(t.throws(start({path: 'no-such-program'}))), 'not-found');
  t.is(codeOf(t.throws(start({path: `${dir}/plain`}))), 'permission-denied');
  t.is(codeOf(t.throws(start({path: `${dir}/directory`}))), 'permission-denied');
  t.is(codeOf(t.throws(start({cwd: `${dir}/none`}))), 'not-found');
  t.is(codeOf(t.throws(start({argv: ['a\0b']}))), 'invalid-argument');
  t.true(isErrno(t.throws(start({fds: [999]})), 'EBADF'));
});

test('findProgram() takes the first executable file on the path', t => {
  const dir = tempDir(t);
  mkdirSync(`${dir}/a/tool`, {recursive: true});
  mkdirSync(`${dir}/b`);
  mkdirSync(`${dir}/c`);
  writeFileSync(`${dir}/b/tool`, '', {mode: 0o755});
  writeFileSync(`${dir}/c/tool`, '', {mode: 0o755});
  t.is(findProgram('tool', `${dir}/a:${dir}/b:${dir}/c`), `${dir}/b/tool`);
  t.is(findProgram('./tool', dir), './tool');
  t.throws(() => findProgram('', dir), {code: 'not-found'});
});

test.serial('exit codes and signals are told apart', t => {
  const exit = spawnProcess({path: 'sh', argv: ['sh', '-c', 'exit 7'], env, fds: []});
  const exited = waitPidSync(exit).status;
  t.is(exitStatus(exited), 7);
  t.true(exitedNormally(exited));
  t.is(termSignal(exited), undefined);
  const sleeper = spawnProcess({path: 'sleep', argv: ['sleep', '60'], env, fds: []});
  t.is(waitPid(sleeper), undefined);
  kill(sleeper, 'SIGKILL');
  const killed = waitPidSync(sleeper).status;
  t.is(exitStatus(killed), 137);
  t.is(termSignal(killed), 9);
  t.true(
    isErrno(
      t.throws(() => waitPid(sleeper)),
      'ECHILD',
    ),
  );
  t.throws(() => kill(sleeper, 0), {code: 'not-found'});
});

test.serial('peekAny() leaves the child to be reaped', async t => {
  t.is(peekAny(), undefined);
  const pid = spawnProcess({path: 'true', argv: ['true'], env, fds: []});
  while (processState(pid) !== 'Z') await new Promise(resolve => setTimeout(resolve, 5));
  t.is(peekAny(), pid);
  t.is(peekAny(), pid);
  t.deepEqual(waitPid(pid), {pid, status: 0});
  t.is(peekAny(), undefined);
});

test('a limit of open files for the child alone', async t => {
  const before = getrlimit('nofile');
  const {output} = await run({argv: ['sh', '-c', 'ulimit -Sn; ulimit -Hn'], fileLimit: 333n});
  t.is(output, `333\n${before.hard}\n`);
  t.deepEqual(getrlimit('nofile'), before);
});
