import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {getuid} from 'node:process';
import test from 'ava';
import {descendants, poll, readProcess, Sandbox} from './index.ts';

const rootTest = getuid?.() === 0 ? test : test.skip;

function logFile(t: {teardown(fn: () => void): void}): string {
  const dir = mkdtempSync('/tmp/ls-sandbox-');
  t.teardown(() => rmSync(dir, {recursive: true}));
  return `${dir}/log`;
}

const env = {PATH: '/usr/bin:/bin'};

rootTest('a sandbox has its own network, its own /run and reports exits', async t => {
  await using sandbox = await Sandbox.start();
  const log = logFile(t);
  const {links, processes} = await sandbox.survey();
  t.deepEqual([links, processes], [['lo'], []]);
  t.is(String((await sandbox.run(['ls', '-A', '/run'])).stdout), '');
  const quick = await sandbox.spawn(['sh', '-c', 'echo $PATH; echo bad >&2; exit 7'], {env, log});
  t.is(await quick.exited, 7);
  t.is(readFileSync(log, 'utf8'), '/usr/bin:/bin\nbad\n');
  const slow = await sandbox.spawn(['sleep', '100'], {env, log});
  await sandbox.kill(slow.pid, 'SIGTERM');
  t.is(await slow.exited, 128 + 15);
  await t.throwsAsync(sandbox.spawn(['/no/such/program'], {env, log}), {message: /no such file/i});
});

rootTest('disposing it ends daemons that have left their parent', async t => {
  const sandbox = await Sandbox.start();
  const daemon = await sandbox.spawn(['sh', '-c', 'setsid sleep 100 & exit 0'], {env, log: logFile(t)});
  t.is(await daemon.exited, 0);
  const orphan = await poll(() => descendants(sandbox.pid).find(p => p.command === 'sleep 100'));
  t.is(orphan.parent, sandbox.pid, 'the sandbox is the subreaper');
  await sandbox[Symbol.asyncDispose]();
  t.is(readProcess(orphan.pid), undefined);
  t.is(readProcess(sandbox.pid), undefined);
});
