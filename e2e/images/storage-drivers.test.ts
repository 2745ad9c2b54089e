/** Storage drivers other than overlay2: the same life of a container on copies and on btrfs. */

import {existsSync} from 'node:fs';
import {readFile, rm, writeFile} from 'node:fs/promises';
import {busyboxArchive, type Engine} from '@longshore/testing';
import test, {type ExecutionContext} from 'ava';
import {openEngine} from '../harness/open.ts';

/** Run, write, diff, commit, export, cp, restart: what goes through the file systems of containers and images. */
async function liveIn(t: ExecutionContext, engine: Engine, driver: string): Promise<void> {
  t.is(await engine.dockerOk('info', '--format', '{{.Driver}}'), driver);
  const script = 'echo one >/one; mkdir /d; rm /etc/passwd; echo changed >>/etc/group';
  await engine.dockerOk('run', '--name', 'one', 'busybox', 'sh', '-c', script);
  t.is(await engine.dockerOk('inspect', '--format', '{{.Driver}} {{.GraphDriver.Name}}', 'one'), `${driver} ${driver}`);
  const diff = (await engine.dockerOk('diff', 'one')).split('\n');
  t.deepEqual(diff.sort(), ['A /d', 'A /one', 'C /etc', 'C /etc/group', 'D /etc/passwd']);
  await engine.dockerOk('commit', 'one', 'child');
  t.is(
    await engine.dockerOk('run', '--rm', 'child', 'sh', '-c', 'cat /one; ls /etc/passwd 2>&1 | wc -l; ls -d /d'),
    'one\n1\n/d',
  );
  t.is(await engine.dockerOk('cp', 'one:/one', `${engine.paths.scratch}/one`), '');
  t.is((await engine.run(['cat', `${engine.paths.scratch}/one`])).stdout.trim(), 'one');
  await engine.dockerOk('run', '-d', '--name', 'long', 'child', 'sleep', '1000');
  await engine.dockerd.restart();
  t.is(await engine.dockerOk('start', '-a', 'one'), '');
  t.is(await engine.dockerOk('start', 'long'), 'long');
  t.is(await engine.dockerOk('exec', 'long', 'cat', '/one'), 'one');
  t.regex(await engine.dockerOk('ps', '-as', '--format', '{{.Names}} {{.Size}}'), /^one \S+ \(virtual \S+\)$/m);
  await engine.dockerOk('rm', '-f', 'one', 'long');
  await engine.dockerOk('rmi', 'child', 'busybox');
}

/** For the next start of the daemon. */
async function writeConfig(engine: Engine, config: Record<string, unknown>): Promise<void> {
  await writeFile(engine.paths.configFile, JSON.stringify(config));
}

test('vfs: layers are copies', async t => {
  const engine = await openEngine(t, {dockerdArgs: ['--storage-driver', 'vfs']});
  await liveIn(t, engine, 'native');
});

test('btrfs: layers are subvolumes', async t => {
  const usable = existsSync('/dev/loop-control') && (await readFile('/proc/filesystems', 'utf8')).includes('btrfs');
  if (!usable) {
    t.log('not tried: this machine has no loop devices, or a kernel without btrfs');
    t.pass();
    return;
  }
  const engine = await openEngine(t, {busybox: false});
  await engine.dockerd.stop();
  const image = `${engine.paths.root}/btrfs`;
  t.teardown(() => rm(image, {force: true}));
  for (const command of [
    ['truncate', '-s', '512M', image],
    ['mkfs.btrfs', '-q', image],
    ['mount', '-o', 'loop', image, engine.paths.dataRoot],
  ]) {
    const {exitCode, stderr} = await engine.run(command);
    t.is(exitCode, 0, stderr);
  }
  await writeConfig(engine, {'storage-driver': 'btrfs'});
  await engine.dockerd.start();
  await engine.api.send('/images/load?quiet=1', {
    method: 'POST',
    body: await busyboxArchive(),
    headers: {'Content-Type': 'application/x-tar'},
  });
  await liveIn(t, engine, 'btrfs');
  await engine.dockerd.stop();
  const left = await engine.run([
    'ls',
    `${engine.paths.dataRoot}/containerd/daemon/io.containerd.snapshotter.v1.btrfs/snapshots`,
  ]);
  t.is(left.stdout, '', 'no subvolume without its image');
  t.is((await engine.run(['umount', engine.paths.dataRoot])).exitCode, 0);
  await writeConfig(engine, {});
  await engine.dockerd.start();
});

test('a driver that cannot be used here is refused with the reason, and containers of another one are left alone', async t => {
  const engine = await openEngine(t);
  await engine.dockerOk('create', '--name', 'mine', 'busybox', 'true');
  await engine.dockerd.stop();
  await writeConfig(engine, {'storage-driver': 'btrfs'});
  const error = await t.throwsAsync(engine.dockerd.start());
  t.regex(String(error), /storage driver "btrfs" cannot be used: skip plugin: path .* must be a btrfs filesystem/);
  await writeConfig(engine, {'storage-driver': 'vfs'});
  await engine.dockerd.start();
  t.is(await engine.dockerOk('ps', '-aq'), '');
  await engine.dockerd.stop();
  await writeConfig(engine, {});
  await engine.dockerd.start();
  t.is(await engine.dockerOk('start', '-a', 'mine'), '');
});
