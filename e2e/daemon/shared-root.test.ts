/** The data root is a shared mount while the daemon runs, so that containers can follow what is mounted in it. */
import {existsSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {type Engine, poll} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';

/** The optional fields of the mount at the data root, as the daemon sees it; undefined when there is none. */
async function propagation(engine: Engine): Promise<string | undefined> {
  const {stdout} = await engine.run(['cat', '/proc/self/mountinfo']);
  const fields = stdout.split('\n').map(line => line.split(' '));
  return fields.find(each => each[4] === engine.paths.dataRoot)?.[6];
}

test('a container follows the mounts below the data root', async t => {
  const engine = await openEngine(t);
  const {dataRoot} = engine.paths;
  t.regex((await propagation(engine)) ?? '', /^shared:/);
  for (const mode of ['rslave', 'rshared']) {
    await engine.dockerOk('run', '-d', '--name', mode, '-v', `${dataRoot}:/d:${mode}`, 'busybox', 'sleep', '100000');
  }
  const later = await engine.dockerOk('run', '-d', '--name', 'later', 'busybox', 'sleep', '100000');
  const seen = async (name: string) =>
    (await engine.dockerOk('exec', name, 'cat', '/proc/self/mountinfo')).includes(` /d/rootfs/overlayfs/${later} `);
  for (const mode of ['rslave', 'rshared']) t.true(await seen(mode), mode);
  await engine.dockerOk('rm', '-f', 'later');
  for (const mode of ['rslave', 'rshared']) t.false(await seen(mode), mode);
  await engine.dockerOk('rm', '-f', 'rslave', 'rshared');
});

test('the mount is the daemon’s own: gone when it ends, also one that an earlier daemon left', async t => {
  const engine = await openEngine(t);
  const mark = join(engine.paths.execRoot, 'unmount-on-shutdown');
  t.is(statSync(mark).mode & 0o777, 0o600);
  await engine.dockerd.kill('SIGKILL');
  t.regex((await propagation(engine)) ?? '', /^shared:/);
  await engine.dockerd.start();
  t.regex((await propagation(engine)) ?? '', /^shared:/);
  await engine.dockerd.stop();
  await poll(async () => (await propagation(engine)) === undefined, {what: 'the mount to be gone'});
  t.false(existsSync(mark));
});
