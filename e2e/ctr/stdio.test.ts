/** Input, output and exit codes of `ctr run`, `tasks exec` and `tasks attach`; and what they leave behind: nothing. */
import {createHash} from 'node:crypto';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {busyboxArchive, poll, type StandaloneContainerd, startContainerd} from '@longshore/testing';
import test from 'ava';
import {Terminal} from '../harness/terminal.ts';
import {busybox} from './scenario.ts';

let containerd: StandaloneContainerd;

test.before(async t => {
  t.timeout(60_000);
  containerd = await startContainerd();
  const archive = join(containerd.paths.scratch, 'busybox.tar');
  writeFileSync(archive, await busyboxArchive());
  await containerd.ctrOk('images', 'import', archive);
  const {cgroupParent} = containerd.paths;
  await containerd.ctrOk('run', '-d', '--cgroup', `${cgroupParent}/base`, busybox, 'base', 'sleep', '600');
});

test.after.always(async () => {
  await containerd.ctrOk('tasks', 'rm', '-f', 'base');
  await containerd.ctrOk('containers', 'rm', 'base');
  await containerd[Symbol.asyncDispose]();
});

/** In a shell in which `ctr` is ours on this containerd, and CG the cgroup of tests. */
async function shell(script: string): Promise<{exitCode: number; stdout: string; stderr: string}> {
  const {executables, paths} = containerd;
  const ctr = `ctr() { timeout -k 1 60 ${executables.ctr} -a ${paths.containerdSocket} "$@"; }`;
  return containerd.run(['bash', '-c', `set -o pipefail; CG=${paths.cgroupParent}; ${ctr}\n${script}`]);
}

async function fifos(): Promise<string> {
  return (await shell('find /run/containerd/fifo -type p -not -name "base-*"')).stdout;
}

const megabytes = (count: number) =>
  createHash('sha256')
    .update(Buffer.alloc(count << 20))
    .digest('hex');

const cases: [string, string, {exitCode?: number; stdout?: string; stderr?: string}][] = [
  [
    'the exit code, and both outputs apart',
    `ctr run --rm --cgroup $CG/a ${busybox} a sh -c 'echo out; echo err >&2; exit 7'`,
    {exitCode: 7, stdout: 'out', stderr: 'err'},
  ],
  [
    'input that has ended at once',
    `ctr run --rm --cgroup $CG/b ${busybox} b cat </dev/null && ctr tasks exec --exec-id i1 base cat </dev/null`,
    {exitCode: 0, stdout: ''},
  ],
  ['an input that is closed', 'ctr tasks exec --exec-id i2 base cat <&-', {exitCode: 0, stdout: ''}],
  ['input that nobody reads', '(yes; :) | ctr tasks exec --exec-id i3 base true', {exitCode: 0}],
  [
    'much input',
    'head -c 32M /dev/zero | ctr tasks exec --exec-id i4 base sha256sum | cut -c1-64',
    {exitCode: 0, stdout: megabytes(32)},
  ],
  [
    'much output',
    `ctr run --rm --cgroup $CG/c ${busybox} c head -c 33554432 /dev/zero | sha256sum | cut -c1-64`,
    {exitCode: 0, stdout: megabytes(32)},
  ],
  [
    'a reader that is slower than the process lives',
    `ctr run --rm --cgroup $CG/d ${busybox} d head -c 4194304 /dev/zero | (sleep 3; sha256sum) | cut -c1-64`,
    {exitCode: 0, stdout: megabytes(4)},
  ],
  [
    'a process that outlives the one that was waited for, with its output',
    "ctr tasks exec --exec-id o1 base sh -c 'echo now; (sleep 30; echo late) & exit 3'",
    {exitCode: 3, stdout: 'now'},
  ],
  ['a reader that goes away', 'ctr tasks exec --exec-id o2 base yes | head -n 1', {exitCode: 141, stdout: 'y'}],
  ['a command that is not there', 'ctr tasks exec --exec-id o3 base nosuchcommand', {exitCode: 1, stdout: ''}],
  [
    'a container that cannot start',
    `ctr run --rm --cgroup $CG/e ${busybox} e nosuchcommand; ctr containers ls -q; ctr tasks ls -q`,
    {stdout: 'base\nbase'},
  ],
];

for (const [name, script, expected] of cases) {
  test.serial(name, async t => {
    t.timeout(90_000);
    const result = await shell(script);
    t.like({...result, stderr: result.stderr.trim(), stdout: result.stdout.trim()}, expected, result.stderr);
    t.is(await fifos(), '');
  });
}

test.serial('a signal reaches the process, and its end is waited for', async t => {
  t.timeout(60_000);
  const script = 'trap "echo caught; exit 9" TERM; echo ready; while :; do sleep 0.1; done';
  const result = await shell(`ctr run --rm --cgroup $CG/s ${busybox} s sh -c '${script}' > $HOME/out & pid=$!
    for i in $(seq 200); do grep -q ready $HOME/out && break; sleep 0.1; done
    pkill -TERM -P $pid; wait $pid; echo $?; cat $HOME/out`);
  t.is(result.stdout, '9\nready\ncaught', result.stderr);
  t.is(await fifos(), '');
});

test.serial('a detached task is attached to, left by its keys, and attached to again', async t => {
  t.timeout(90_000);
  const {paths, executables, sandbox} = containerd;
  const terminal = (...args: string[]) =>
    new Terminal(
      {sandbox, clientEnv: () => ({PATH: '/usr/bin:/bin', HOME: paths.home, TERM: 'xterm'})},
      [executables.ctr, '-a', paths.containerdSocket, ...args],
      {rows: 30, columns: 90},
    );
  {
    using first = terminal('run', '--rm', '-t', '--cgroup', `${paths.cgroupParent}/t`, busybox, 't', 'sh');
    await first.expect('# ');
    first.type('stty size; echo one$((1+1))\r');
    await first.expect('one2');
    t.regex(first.shown, /30 90/);
    first.type('\x10\x11');
    t.is(await first.exited, 0);
  }
  t.regex(await containerd.ctrOk('tasks', 'ls'), /t\s+\d+\s+RUNNING/);
  {
    using second = terminal('tasks', 'attach', 't');
    const prompted = () => {
      second.type('\r');
      return second.shown.includes('# ');
    };
    await poll(prompted, {what: 'a prompt'});
    second.type('exit 6\r');
    t.is(await second.exited, 6);
  }
  t.is(await fifos(), '');
  await containerd.ctrOk('containers', 'rm', 't');
});
