/** Mounts of every kind, looked at from inside of the container. */
import {join} from 'node:path';
import test from 'ava';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);
const docker = (...args: string[]) => engine().dockerOk(...args);
const sh = (script: string) => ['busybox', 'sh', '-c', script];
const host = (script: string) => engine().run(['sh', '-ec', script]);
const mount = (...fields: string[]) => ['--mount', fields.join(',')];

test('a path inside of a volume: directory, file, and links that would leave it', async t => {
  const script = 'mkdir -p /d/a/b; echo text > /d/a/f; ln -s /etc /d/out; ln -s ../../../../etc /d/up; ln -s a /d/in';
  await docker('run', '--rm', '-v', 'sub:/d', ...sh(script));
  const at = (path: string, command: string) => [
    ...['run', '--rm', ...mount('type=volume', 'src=sub', 'dst=/x', `volume-subpath=${path}`)],
    ...sh(command),
  ];
  t.is(await docker(...at('a', 'ls /x; touch /x/new')), 'b\nf');
  t.is(await docker(...at('in', 'ls /x')), 'b\nf\nnew');
  t.is(await docker(...at('a/f', 'cat /x')), 'text');
  for (const path of ['out', 'up', 'nosuch']) {
    const {stderr, exitCode} = await engine().docker(...at(path, 'ls /x'));
    t.regex(stderr, new RegExp(`cannot access path .*/sub/_data/${path}: lstat .*: no such file or directory`));
    t.not(exitCode, 0);
  }
  const above = await engine().docker(...at('../x', 'true'));
  t.regex(above.stderr, /subpath must be a relative path within the volume/);
});

test('a new volume is filled from the image, unless it says nocopy', async t => {
  t.regex(await docker('run', '--rm', '-v', 'filled:/etc', ...sh('ls /etc')), /passwd/);
  t.notRegex(await docker('run', '--rm', '-v', 'empty:/etc:nocopy', ...sh('ls /etc')), /passwd/);
  const nocopy = mount('type=volume', 'src=empty2', 'dst=/etc', 'volume-nocopy');
  t.notRegex(await docker('run', '--rm', ...nocopy, ...sh('ls /etc')), /passwd/);
});

test('an image, read-only, as a whole or a path of it; inherited, and gone with the container', async t => {
  const whole = mount('type=image', 'src=busybox', 'dst=/img');
  const part = mount('type=image', 'src=busybox', 'dst=/part', 'image-subpath=etc');
  await docker('create', '--name', 'img', ...whole, ...part, ...sh('cat /img/etc/passwd /part/passwd; touch /img/x'));
  const first = await engine().docker('start', '-a', 'img');
  t.is(first.stdout.match(/^root:/gm)?.length, 2);
  t.regex(first.stderr, /Read-only file system/);
  t.is((await engine().docker('start', '-a', 'img')).stdout, first.stdout);
  t.regex(await docker('run', '--rm', '--volumes-from', 'img', ...sh('ls /part')), /passwd/);
  const [shown] = JSON.parse(await docker('inspect', '-f', '{{json .Mounts}}', 'img'));
  t.like(shown, {Type: 'image', Name: 'busybox', Destination: '/img', RW: false});
  await docker('rm', 'img');
  const {stdout} = await engine().ctr('snapshots', 'ls');
  t.notRegex(stdout, /-image-/);
  const bad = await engine().docker('run', '--pull=never', ...mount('type=image', 'src=nosuch', 'dst=/img'), 'busybox');
  t.regex(bad.stderr, /No such image: nosuch/);
});

test('tmpfs: size, mode, owner, exec', async t => {
  const line = (args: string[]) => docker('run', '--rm', ...args, ...sh('grep " /t " /proc/mounts; stat -c %a:%u /t'));
  t.regex(await line(['--tmpfs', '/t:size=1m,mode=700,uid=5,exec']), /rw,nosuid,nodev,relatime,size=1024k.*\n700:5/);
  t.regex(await line(['--tmpfs', '/t']), /rw,nosuid,nodev,noexec,relatime/);
  const long = mount('type=tmpfs', 'dst=/t', 'tmpfs-size=1048576', 'tmpfs-mode=1750', 'readonly');
  t.regex(await line(long), /ro,nosuid,nodev,noexec,relatime,size=1024k.*\n1750:0/);
});

test('binds: below the source too or not, read-only all the way down, and propagation', async t => {
  const dir = join(engine().paths.scratch, 'shared');
  await host(`mkdir -p ${dir}/sub; mount -t tmpfs top ${dir}; mkdir ${dir}/sub; mount -t tmpfs sub ${dir}/sub;
    touch ${dir}/sub/below; mount --make-rshared ${dir}`);
  const bind = (options: string, script: string) =>
    engine().docker(
      'run',
      '--rm',
      ...mount('type=bind', `src=${dir}`, 'dst=/x', ...(options ? [options] : [])),
      ...sh(script),
    );
  t.is((await bind('', 'ls /x/sub')).stdout, 'below');
  t.is((await bind('bind-recursive=disabled', 'ls /x/sub')).stdout, '');
  t.regex((await bind('readonly', 'touch /x/sub/y')).stderr, /Read-only file system/);
  t.is((await bind('readonly,bind-recursive=writable', 'touch /x/sub/y')).exitCode, 0);
  t.regex(
    (await bind('readonly,bind-propagation=rprivate,bind-recursive=readonly', 'touch /x/sub/y')).stderr,
    /Read-only file system/,
  );
  t.regex((await bind('bind-propagation=rshared', 'grep " /x " /proc/self/mountinfo')).stdout, /shared:/);
  t.regex((await bind('bind-propagation=rslave', 'grep " /x " /proc/self/mountinfo')).stdout, /master:/);
  t.notRegex((await bind('', 'grep " /x " /proc/self/mountinfo')).stdout, /shared:|master:/);
  const lost = await engine().docker('run', '--rm', '-v', '/proc/sys:/x:rshared', 'busybox', 'true');
  t.regex(lost.stderr, /is mounted on .* but it is not a shared mount/);
  await host(`umount -l ${dir}`);
});

test('diff shows what the container did, not what the engine needs', async t => {
  await docker('run', '--name', 'diff', ...sh('touch /new /etc/own; rm /etc/group'));
  t.is(await docker('diff', 'diff'), 'C /etc\nD /etc/group\nA /etc/own\nA /new');
  t.is(await docker('run', '--rm', ...sh('ls -a / | grep dockerenv; readlink /etc/mtab')), '.dockerenv\n/proc/mounts');
  await docker('commit', 'diff', 'committed');
  await docker('run', '--name', 'nothing', 'committed', 'true');
  t.is(await docker('diff', 'nothing'), '');
  await docker('rm', 'diff', 'nothing');
});

test('storage options and isolation are refused as the original refuses them', async t => {
  const run = async (...args: string[]) => (await engine().docker('run', '--rm', ...args, 'busybox', 'true')).stderr;
  t.regex(await run('--storage-opt', 'size=1g'), /supported only for overlay over xfs with 'pquota' mount option/);
  t.regex(await run('--isolation', 'hyperv'), /Invalid isolation: "hyperv"/);
});
