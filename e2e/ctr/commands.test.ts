/** Commands and flags of ctr that the session on both containerds does not have: newer than 1.6, or ours alone. */
import {chmodSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {busyboxArchive, type StandaloneContainerd, startContainerd} from '@longshore/testing';
import test from 'ava';
import {busybox} from './scenario.ts';

let containerd: StandaloneContainerd;

test.before(async t => {
  t.timeout(60_000);
  containerd = await startContainerd();
  // The root of a user namespace is somebody else outside: it has to get through to its bundle.
  const {root, execRoot} = containerd.paths;
  for (const dir of [root, join(execRoot, 'containerd')]) chmodSync(dir, 0o711);
  const archive = join(containerd.paths.scratch, 'busybox.tar');
  writeFileSync(archive, await busyboxArchive());
  await containerd.ctrOk('images', 'import', archive);
});

test.after.always(() => containerd[Symbol.asyncDispose]());

const ctr = (...args: string[]) => containerd.ctrOk(...args);
const run = (id: string, flags: string[], ...command: string[]) =>
  ctr('run', '--rm', '--cgroup', `${containerd.paths.cgroupParent}/${id}`, ...flags, busybox, id, ...command);

test.serial('a checkpoint without criu makes the container again, with what it had changed', async t => {
  t.timeout(60_000);
  const cgroup = `${containerd.paths.cgroupParent}/saved`;
  await ctr('run', '-d', '--cgroup', cgroup, busybox, 'saved', 'sh', '-c', 'echo data >/file; exec sleep 300');
  t.is(
    await ctr('tasks', 'exec', '--exec-id', 'wait', 'saved', 'sh', '-c', 'until [ -s /file ]; do sleep 0.1; done'),
    '',
  );
  await ctr('containers', 'checkpoint', '--rw', '--image', 'saved', 'example.com/saved:1');
  await ctr('tasks', 'rm', '-f', 'saved');
  await ctr('containers', 'rm', 'saved');
  await ctr('containers', 'restore', '-d', '--rw', 'again', 'example.com/saved:1');
  t.is(await ctr('tasks', 'exec', '--exec-id', 'look', 'again', 'cat', '/file'), 'data');
  const {pid, status} = JSON.parse(await ctr('shim', '--id', 'again', 'state'));
  t.true(pid > 1);
  t.is(status, 'RUNNING');
  t.is(await ctr('shim', '--id', 'again', 'exec', '--attach', 'by-shim', 'echo', 'past containerd'), 'past containerd');
  await ctr('tasks', 'rm', '-f', 'again');
  await ctr('containers', 'rm', 'again');
  t.is(await ctr('snapshots', 'ls').then(text => /again|saved/.test(text)), false);
});

test.serial('images are mounted, installed from, converted and pruned', async t => {
  t.timeout(60_000);
  const target = join(containerd.paths.scratch, 'mnt');
  mkdirSync(target);
  t.true((await ctr('images', 'mount', busybox, target)).endsWith(target));
  t.regex((await containerd.run(['ls', target])).stdout, /^bin$/m);
  t.is(await ctr('images', 'unmount', '--rm', target), target);
  t.is((await containerd.run(['ls', target])).stdout, '');
  t.is(await ctr('leases', 'ls', '-q'), '');

  const path = join(containerd.paths.scratch, 'opt');
  await ctr('install', '--path', path, busybox);
  t.is((await containerd.run([join(path, 'bin/busybox'), 'echo', 'installed'])).stdout, 'installed');
  const again = await containerd.ctr('install', '--path', path, busybox);
  t.regex(again.stderr, /cannot replace bin\/busybox/);

  const digest = await ctr('images', 'convert', '--uncompress', '--oci', busybox, 'example.com/converted:1');
  t.regex(digest, /^sha256:/);
  t.regex(await ctr('images', 'prune', '--all'), /example\.com\/converted:1/);
  await ctr('images', 'import', join(containerd.paths.scratch, 'busybox.tar'));
});

test.serial('content is edited', async t => {
  const file = join(containerd.paths.scratch, 'edit.json');
  writeFileSync(file, '{"a":1}');
  const shell = (script: string) =>
    containerd.run(['bash', '-c', `${containerd.executables.ctr} -a ${containerd.paths.containerdSocket} ${script}`]);
  // Nothing refers to it: without the label the next collection takes it.
  await shell(`content ingest --label containerd.io/gc.root=test --expected-size 7 one < ${file}`);
  const before = 'sha256:015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862';
  const after = await shell(`content edit --validate json --editor 'sed -i s/1/2/' ${before}`);
  t.is(await ctr('content', 'get', after.stdout), '{"a":2}', after.stderr);
  const bad = await shell(`content edit --validate json --editor 'sed -i s/1/x/' ${before}`);
  t.regex(bad.stderr, /the result is no JSON/);
});

test.serial('flags that shape the specification', async t => {
  t.timeout(60_000);
  t.regex(await run('seccomp', ['--seccomp'], 'grep', 'Seccomp:', '/proc/self/status'), /2$/);
  const ids = ['--uidmap', '0:100000:65536', '--gidmap', '0:200000:65536'];
  t.is(
    await run(
      'userns',
      ids,
      'sh',
      '-c',
      'read in out size </proc/self/uid_map; echo $in $out $size; stat -c %u:%g /bin',
    ),
    '0 100000 65536\n0:0',
  );
  // The layers are shown shifted instead of being changed, and what is new belongs to the container's root.
  const remapped = ['-d', '--cgroup', `${containerd.paths.cgroupParent}/remapped`, '--remap-labels', ...ids];
  await ctr('run', ...remapped, busybox, 'remapped', 'sleep', '300');
  const look = 'stat -c %u:%g /bin; touch /made; stat -c %u:%g /made';
  t.is(await ctr('tasks', 'exec', '--exec-id', 'look', 'remapped', 'sh', '-c', look), '0:0\n0:0');
  const {Labels: labels} = JSON.parse(await ctr('snapshots', 'info', 'remapped'));
  t.is(labels['containerd.io/snapshot/uidmapping'], '0:100000:65536');
  t.is(labels['containerd.io/snapshot/gidmapping'], '0:200000:65536');
  t.regex(await ctr('snapshots', 'mounts', '/x', 'remapped'), /uidmap=0:100000:65536,gidmap=0:200000:65536/);
  await ctr('tasks', 'rm', '-f', 'remapped');
  await ctr('containers', 'rm', 'remapped');
  t.regex(await run('device', ['--device', '/dev/kmsg'], 'ls', '-l', '/dev/kmsg'), /^crw/);
  t.is(await run('host', ['--hostname', 'other', '--cwd', '/tmp'], 'sh', '-c', 'hostname; pwd'), 'other\n/tmp');
  const cni = await containerd.ctr('run', '--rm', '--cni', busybox, 'cni', 'true');
  t.regex(cni.stderr, /no network config found in \/etc\/cni\/net\.d/);
  const apparmor = await containerd.ctr('run', '--rm', '--apparmor-profile', 'x', '--gpus', '0', busybox, 'a', 'true');
  t.is(apparmor.exitCode, 1);
  t.is(await ctr('containers', 'ls', '-q').then(text => text.split('\n').filter(id => id === 'a').length), 0);
});

test.serial('a layer that was compressed is not, once converted', async t => {
  t.timeout(60_000);
  const dir = join(containerd.paths.scratch, 'layout');
  await containerd.run(['sh', '-c', `mkdir ${dir}; tar xf ${containerd.paths.scratch}/busybox.tar -C ${dir}`]);
  const index = JSON.parse(readFileSync(join(dir, 'index.json'), 'utf8'));
  const blob = (digest: string) => join(dir, 'blobs/sha256', digest.slice(7));
  const manifest = JSON.parse(readFileSync(blob(index.manifests[0].digest), 'utf8'));
  const zipped = gzipSync(readFileSync(blob(manifest.layers[0].digest)));
  const store = async (bytes: Buffer | string) => {
    const {createHash} = await import('node:crypto');
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    writeFileSync(blob(digest), bytes);
    return {digest, size: Buffer.byteLength(bytes)};
  };
  manifest.layers[0] = {mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...(await store(zipped))};
  Object.assign(index.manifests[0], await store(JSON.stringify(manifest)));
  index.manifests[0].annotations = {'io.containerd.image.name': 'example.com/zipped:1'};
  writeFileSync(join(dir, 'index.json'), JSON.stringify(index));
  await containerd.run(['sh', '-c', `cd ${dir}; rm manifest.json; tar cf ../zipped.tar *`]);
  await ctr('images', 'import', join(containerd.paths.scratch, 'zipped.tar'));
  const digest = await ctr('images', 'convert', '--uncompress', 'example.com/zipped:1', 'example.com/plain:1');
  const converted = JSON.parse(await ctr('content', 'get', digest));
  t.is(converted.layers[0].mediaType, 'application/vnd.oci.image.layer.v1.tar');
  const id = 'plain';
  const cgroup = `${containerd.paths.cgroupParent}/${id}`;
  t.is(await ctr('run', '--rm', '--cgroup', cgroup, 'example.com/plain:1', id, 'echo', 'unzipped'), 'unzipped');
});

test.serial('runtimes and sandboxes are listed, completion is printed', async t => {
  const info = JSON.parse(await ctr('plugins', 'inspect-runtime'));
  t.is(info.Name, 'io.containerd.runc.v2');
  t.regex(await ctr('sandboxes', 'ls'), /^ID\s+CREATED\s+RUNTIME/);
  t.is(await ctr('deprecations', 'list'), '');
  t.deepEqual(JSON.parse(await ctr('deprecations', 'list', '--format', 'json')), []);
  const unknown = await containerd.ctr('sandboxes', 'rm', 'nosuch');
  t.deepEqual([unknown.exitCode, unknown.stderr.split('\n').at(-1)], [1, 'ctr: sandbox "nosuch": not found']);
  for (const shell of ['bash', 'zsh', 'fish']) t.regex(await ctr('completion', shell), /__complete/);
});
