/** What a dead shim left is cleaned up in the end, whoever else dies or fails meanwhile. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {ContainersDefinition} from '@longshore/api/gen/containerd/services/containers/v1/containers';
import {TasksDefinition} from '@longshore/api/gen/containerd/services/tasks/v1/tasks';
import {mkfifo} from '@longshore/linux';
import test, {type ExecutionContext} from 'ava';
import {startTestDaemon} from '../../test-support/daemon.ts';
import {tempDir} from '../../test-support/store.ts';

/**
 * A dead shim's bundle, and a shim binary that tells its pid in `calls`. Its `delete` fails while the file `broken` is
 * there, waits while `blocked` is, and removes `remains`, which stands for the container's cgroup and runtime state.
 */
function deadShim(t: ExecutionContext) {
  const directory = tempDir(t);
  const file = (name: string) => join(directory, name);
  const shim = file('containerd-shim-fake-v2');
  const script = `#!/bin/sh
for action; do :; done
echo "$action $$" >>${file('calls')}
[ "$action" = delete ] || { echo "no $action today" >&2; exit 1; }
if [ -e ${file('broken')} ]; then exit 1; fi
while [ -e ${file('blocked')} ]; do sleep 0.05; done
rm -f ${file('remains')}
`;
  writeFileSync(shim, script);
  chmodSync(shim, 0o755);
  const bundle = file('state/io.containerd.runtime.v2.task/test/c1');
  mkdirSync(bundle, {recursive: true});
  writeFileSync(join(bundle, 'shim-binary-path'), shim);
  writeFileSync(join(bundle, 'bootstrap.json'), `{"version":3,"address":"unix://${file('gone')}","protocol":"ttrpc"}`);
  mkfifo(join(bundle, 'log'), 0o700);
  writeFileSync(file('remains'), '');
  const calls = () => (existsSync(file('calls')) ? readFileSync(file('calls'), 'utf8').trim().split('\n') : []);
  return {directory, shim, bundle, file, calls};
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 20));
}

test('killed in the middle of a delete action, the next daemon does it again', async t => {
  const {directory, bundle, file, calls} = deadShim(t);
  writeFileSync(file('blocked'), '');
  // However the test ends, no script waits for ever.
  t.teardown(() => rmSync(file('blocked'), {force: true}));
  const flags = ['--root', file('root'), '--state', file('state'), '--address', file('c.sock')];
  const main = join(import.meta.dirname, '../../main.ts');
  const config = ['--config', file('config.toml')];
  writeFileSync(file('config.toml'), 'version = 3\ndisabled_plugins = ["io.containerd.snapshotter.v1.overlayfs"]\n');
  const daemon = spawn(process.execPath, ['--no-warnings', main, ...config, ...flags], {stdio: 'ignore'});
  t.teardown(() => daemon.kill('SIGKILL'));
  await until(() => calls().length > 0 || daemon.exitCode !== null);
  t.is(daemon.exitCode, null);
  daemon.kill('SIGKILL');
  await once(daemon, 'exit');
  process.kill(Number(calls()[0]?.split(' ')[1]), 'SIGKILL');
  t.true(existsSync(join(bundle, 'shim-binary-path')), 'what is needed to do it again');
  t.true(existsSync(file('remains')));
  rmSync(file('blocked'));
  await startTestDaemon(t, directory);
  t.is(calls().length, 2);
  t.false(existsSync(file('remains')));
  t.false(existsSync(bundle));
});

test('a delete action that fails is repeated, and its bundle kept until it has succeeded', async t => {
  const {directory, bundle, file, calls} = deadShim(t);
  writeFileSync(file('broken'), '');
  const first = await startTestDaemon(t, directory);
  t.true(existsSync(bundle), 'nobody else knows of the container');
  await first.stop();
  await startTestDaemon(t, directory);
  t.is(calls().length, 2, 'a restart repeats it');
  t.true(existsSync(bundle));
  rmSync(file('broken'));
  await until(() => !existsSync(bundle));
  t.false(existsSync(file('remains')));
});

test('a new task of the same container waits for the clean-up of the old one', async t => {
  const {directory, shim, bundle, file, calls} = deadShim(t);
  writeFileSync(file('broken'), '');
  const {client} = await startTestDaemon(t, directory);
  const container = {id: 'c1', runtime: {name: shim}, spec: {typeUrl: 's', value: Buffer.from('{}')}};
  await client.call(ContainersDefinition, 'create', {container});
  const create = () => client.call(TasksDefinition, 'create', {containerId: 'c1'});
  await t.throwsAsync(create(), {message: /shim delete: exit status 1/});
  t.true(existsSync(bundle));
  rmSync(file('broken'));
  await t.throwsAsync(create(), {message: /no start today/});
  t.false(existsSync(file('remains')));
  const actions = calls().map(call => call.split(' ')[0]);
  t.true(actions.indexOf('start') > actions.indexOf('delete'));
  t.false(existsSync(bundle));
});

test("a bundle whose creation was cut off is in nobody's way", async t => {
  const {directory, shim, bundle, calls} = deadShim(t);
  const {client, stop} = await startTestDaemon(t, directory);
  const container = {id: 'c1', runtime: {name: shim}, spec: {typeUrl: 's', value: Buffer.from('{}')}};
  await client.call(ContainersDefinition, 'create', {container});
  await stop();
  mkdirSync(join(bundle, 'rootfs'), {recursive: true});
  writeFileSync(join(bundle, 'config.json'), '{');
  await startTestDaemon(t, directory);
  t.false(existsSync(bundle));
  t.is(calls().length, 1, 'no shim had been started in it');
});
