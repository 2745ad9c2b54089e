import {join} from 'node:path';
import test from 'ava';
import {closeFd, exitStatus, openPipeReader, pipe, spawnProcess, waitPidSync} from './index.ts';

/** What a program prints that a Node process has turned into, with a pipe's end as descriptor 5. */
async function becomes(program: string, args: string[]): Promise<{output: string; status: number; pid: number}> {
  const index = JSON.stringify(join(import.meta.dirname, 'index.ts'));
  const script = `import {executeProgram, setCloexec} from ${index};
    setCloexec(5, false);
    executeProgram(${JSON.stringify(program)}, ${JSON.stringify(args)}, {A: 'b', C: undefined});`;
  const {read, write} = pipe();
  const argv = ['node', '--input-type=module', '-e', script];
  const pid = spawnProcess({path: process.execPath, argv, env: {}, fds: [-1, write, write, -1, -1, write]});
  closeFd(write);
  let output = '';
  for await (const chunk of openPipeReader(read)) output += chunk.toString();
  return {output, status: exitStatus(waitPidSync(pid).status), pid};
}

test('the program has our pid, the given arguments and environment, and the descriptors that may pass', async t => {
  const script = 'echo $$ $0 $1 $A >&5; env | grep -c ^C=; exit 7';
  const {output, status, pid} = await becomes('/bin/sh', ['me', '-c', script, 'zero', 'one']);
  t.is(output, `${pid} zero one b\n0\n`);
  t.is(status, 7);
});

test('signals that Node ignores are back at their default', async t => {
  const {output} = await becomes('/bin/grep', ['grep', 'SigIgn', '/proc/self/status']);
  t.regex(output, /^SigIgn:\t0+\n$/);
});

test('a program that cannot be executed is an error', async t => {
  const {output, status} = await becomes('/nonexistent', ['x']);
  t.regex(output, /cannot execute "\/nonexistent": ENOENT/);
  t.is(status, 1);
});
