/** --pidfd-socket over a runtime that does not know the flag. */
import {existsSync, readFileSync, unlinkSync} from 'node:fs';
import {join} from 'node:path';
import {acceptUnix, closeFd, listenUnix, pidfdSendSignal, receiveFds} from '@longshore/linux';
import anyTest, {type ExecutionContext} from 'ava';
import {missing, RuntimeSandbox, wrapper} from './test-support/sandbox.ts';

const runc = '/usr/sbin/runc';
const reason = missing(runc);
const test = reason ? anyTest.serial.skip : anyTest.serial;
if (reason) console.error(`tests of --pidfd-socket skipped: ${reason}`);

interface Rig extends Disposable {
  run(bundle: string, ...args: string[]): {code: number | null; stdout: string; stderr: string};
  /** What was sent: its text, the descriptor and the pid that it is for, -1 when the process is gone. */
  received(): {kind: string; fd: number; pid: number};
  sandbox: RuntimeSandbox;
  socket: string;
}

async function rig(t: ExecutionContext): Promise<Rig> {
  const sandbox = await RuntimeSandbox.open(t);
  const socket = join(sandbox.directory, 'pidfd.sock');
  const listener = listenUnix(socket);
  const open = [listener];
  return {
    sandbox,
    socket,
    run: (bundle, ...args) => sandbox.run([...wrapper, '--root', sandbox.root, ...args], {cwd: bundle}),
    received() {
      const connection = acceptUnix(listener)!;
      const {data, fds} = receiveFds(connection, 16, 1)!;
      open.push(connection, ...fds);
      const pid = Number(/^Pid:\s+(-?\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fds[0]}`, 'utf8'))?.[1]);
      return {kind: String(data), fd: fds[0]!, pid};
    },
    [Symbol.dispose]: () => open.forEach(closeFd),
  };
}

test('create: the pidfd of the first process; what cannot be handed over is gone', async t => {
  using r = await rig(t);
  const bundle = r.sandbox.bundle(['sleep', '1000']);
  t.like(r.run(bundle, 'create', '--pidfd-socket', r.socket, 'c1'), {code: 0, stderr: ''});
  const {pid} = JSON.parse(r.run(bundle, 'state', 'c1').stdout);
  t.like(r.received(), {kind: 'standard', pid});
  r.run(bundle, 'delete', '--force', 'c1');
  unlinkSync(r.socket);
  for (const args of [['create'], ['run'], ['run', '--detach']]) {
    t.is(r.run(bundle, ...args, '--pidfd-socket', r.socket, 'c1').code, 1);
    t.is(r.run(bundle, 'list', '-q').stdout, '', args.join(' '));
  }
});

test('run and exec, detached: also of a process that has ended at once', async t => {
  using r = await rig(t);
  const bundle = r.sandbox.bundle(['sleep', '1000']);
  const pidFile = join(r.sandbox.directory, 'pid');
  const pidFrom = () => Number(readFileSync(pidFile, 'utf8'));
  const flags = ['--detach', '--pidfd-socket', r.socket, '--pid-file', pidFile];
  t.like(r.run(bundle, 'run', ...flags, 'c1'), {code: 0, stderr: ''});
  const init = r.received();
  t.like(init, {kind: 'standard', pid: pidFrom()});
  t.is(JSON.parse(r.run(bundle, 'state', 'c1').stdout).status, 'running');
  t.like(r.run(bundle, 'exec', ...flags, 'c1', 'sleep', '1000'), {code: 0, stderr: ''});
  const exec = r.received();
  t.like(exec, {kind: 'setns', pid: pidFrom()});
  pidfdSendSignal(exec.fd, 'KILL');
  for (let i = 0; i < 2; i++) {
    t.like(r.run(bundle, 'exec', ...flags, 'c1', 'true'), {code: 0, stderr: ''});
    t.is(r.received().kind, 'setns');
  }
  pidfdSendSignal(init.fd, 'KILL');
  r.run(bundle, 'delete', '--force', 'c1');
});

test('run and exec in the foreground: exit codes, output, --keep, and nothing left', async t => {
  using r = await rig(t);
  const bundle = r.sandbox.bundle(['sh', '-c', 'echo said; exit 42']);
  const flags = ['--pidfd-socket', r.socket];
  t.like(r.run(bundle, 'run', ...flags, 'c1'), {code: 42, stdout: 'said\n', stderr: ''});
  t.is(r.received().kind, 'standard');
  t.is(r.run(bundle, 'list', '-q').stdout, '');
  t.is(r.run(bundle, 'run', ...flags, '--keep', 'c1').code, 42);
  t.is(JSON.parse(r.run(bundle, 'state', 'c1').stdout).status, 'stopped');
  t.is(r.run(bundle, 'delete', 'c1').code, 0);
  r.received();
  const other = r.sandbox.bundle(['sleep', '1000']);
  r.run(other, 'run', '--detach', 'c2');
  const execute = (...command: string[]) => r.run(other, 'exec', ...flags, 'c2', ...command);
  t.like(execute('sh', '-c', 'echo "$@"; exit 9', 'sh', '--pidfd-socket', '-d'), {
    code: 9,
    stdout: '--pidfd-socket -d\n',
  });
  t.is(execute('sh', '-c', 'kill -9 $$').code, 128 + 9);
  t.is(execute('nosuch').code, 255);
  for (let i = 0; i < 2; i++) t.is(r.received().kind, 'setns');
  r.run(other, 'delete', '--force', 'c2');
  t.is(r.run(bundle, 'run', ...flags, '--bundle', '/nonexistent', 'c3').code, 1);
});

const withScript = !reason && existsSync('/usr/bin/script') ? anyTest.serial : anyTest.serial.skip;
withScript('in the foreground with a terminal', async t => {
  using r = await rig(t);
  const bundle = r.sandbox.bundle(['sh', '-c', 'test -t 0 && echo terminal; sleep 0.5; exit 7'], spec => {
    spec.process!.terminal = true;
  });
  const command = [...wrapper, '--root', r.sandbox.root, 'run', '--pidfd-socket', r.socket, 'c1'].join(' ');
  const {code, stdout} = r.sandbox.run(['script', '-qec', command, '/dev/null'], {cwd: bundle});
  t.is(code, 7);
  t.regex(stdout, /terminal/);
  t.is(r.received().kind, 'standard');
});
