/** A sandbox of our shim under our containerd: containers in it share its process. */
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {callContext} from '@longshore/base';
import {openClient} from '@longshore/containerd-client';
import {busyboxArchive} from '@longshore/testing';
import test from 'ava';
import {openContainerd} from '../harness/open.ts';

const image = 'docker.io/library/busybox:latest';

test('containers of a sandbox share its shim, also over a restart of containerd', async t => {
  const containerd = await openContainerd(t);
  const {paths} = containerd;
  const archive = join(paths.scratch, 'busybox.tar');
  writeFileSync(archive, await busyboxArchive());
  await containerd.ctrOk('images', 'import', archive);
  const config = join(paths.scratch, 'pod.json');
  writeFileSync(config, '{"linux": {}}');
  await containerd.ctrOk('sandboxes', 'run', '--runtime', 'io.containerd.runc.v2', config, 'pod');
  t.regex(await containerd.ctrOk('sandboxes', 'ls'), /^pod\s/m);
  for (const id of ['one', 'two']) {
    const cgroup = ['--cgroup', `${paths.cgroupParent}/${id}`];
    await containerd.ctrOk('run', '-d', '--sandbox', 'pod', ...cgroup, image, id, 'sleep', '300');
  }
  const bundles = join(paths.execRoot, 'containerd/daemon/io.containerd.runtime.v2.task/default');
  t.deepEqual(readdirSync(bundles).sort(), ['one', 'pod', 'two']);
  const address = (id: string) => JSON.parse(readFileSync(join(bundles, id, 'bootstrap.json'), 'utf8')).address;
  t.is(address('one'), address('pod'));
  t.is(address('two'), address('pod'));
  await containerd.daemon.kill('SIGKILL');
  await containerd.daemon.start();
  const tasks = await containerd.ctrOk('tasks', 'ls');
  for (const id of ['one', 'two']) t.regex(tasks, new RegExp(`^${id}\\s+\\d+\\s+RUNNING`, 'm'));
  using client = openClient({address: paths.containerdSocket});
  const ctx = callContext({namespace: 'default'});
  const {state} = await client.sandboxController.status(ctx, {sandboxId: 'pod', sandboxer: 'shim'});
  t.regex(state, /READY/);
  for (const id of ['one', 'two']) {
    await containerd.ctrOk('tasks', 'kill', '-s', 'SIGKILL', id);
    await containerd.ctr('tasks', 'delete', '-f', id);
    await containerd.ctrOk('containers', 'delete', id);
    t.false(existsSync(join(bundles, id)));
  }
  await containerd.ctrOk('sandboxes', 'rm', 'pod');
  t.deepEqual(readdirSync(bundles), []);
});
