/** `--userns-remap`: what containers with shifted ids see, what the machine sees of them, and what they are refused. */
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Engine, longshoreExecutables, startEngine} from '@longshore/testing';
import test from 'ava';
import {execaSync} from 'execa';
import {hideRemappedUser, remapped, withRemappedUser} from './remapped-users.ts';

const directory = mkdtempSync('/tmp/ls-userns-');
let engine: Engine;

test.before('start an engine', async t => {
  t.timeout(60_000);
  const dockerd = withRemappedUser(directory, longshoreExecutables().dockerd);
  engine = await startEngine({dockerdArgs: ['--userns-remap', remapped.user], executables: {dockerd}});
});

test.after.always('stop the engine and look for leftovers', async t => {
  t.timeout(60_000);
  if (engine) {
    await hideRemappedUser(engine);
    await engine[Symbol.asyncDispose]();
  }
  rmSync(directory, {recursive: true});
});

const ok = (...args: string[]) => engine.dockerOk(...args);
const run = (...args: string[]) => ok('run', '--rm', ...args);
/** Lines of a tar's table with numeric owners, by name. */
function owners(archive: string): Map<string, string> {
  const {stdout} = execaSync('tar', ['-tvf', archive, '--numeric-owner'], {timeout: 20_000});
  const fields = stdout.split('\n').map(line => line.split(/\s+/));
  return new Map(fields.map(line => [line[5] ?? '', line[1] ?? '']));
}

test.serial('root of a container is nobody of the machine', async t => {
  t.regex(
    await run('busybox', 'cat', '/proc/self/uid_map', '/proc/self/gid_map'),
    /^ *0 +200000 +65536\n *0 +300000 +65536$/,
  );
  const id = await ok('run', '-d', 'busybox', 'sleep', '60');
  const pid = await ok('inspect', '--format', '{{.State.Pid}}', id);
  t.regex(readFileSync(`/proc/${pid}/status`, 'utf8'), /^Uid:\s200000\s200000\s200000\s200000$/m);
  t.is(await ok('exec', id, 'id', '-u'), '0');
  t.regex(await ok('info', '--format', '{{.SecurityOptions}}'), /name=userns/);
  t.is(await ok('info', '--format', '{{.DockerRootDir}}'), join(engine.paths.dataRoot, '200000.300000'));
  await ok('rm', '-f', id);
});

test.serial('owners are shifted on mounts, and not in archives, differences and images', async t => {
  const scratch = join(engine.paths.scratch, 'owners');
  mkdirSync(scratch);
  const script = 'touch /made; chown 7:8 /made; rm /etc/mtab; mkdir /etc/mtab; id -u > /who';
  await ok('run', '--name', 'owned', '-w', '/new/place', '-v', 'shifted:/shifted', 'busybox', 'sh', '-c', script);
  writeFileSync(join(scratch, 'given'), 'x');
  await ok('cp', join(scratch, 'given'), 'owned:/given');
  const diff = await ok('diff', 'owned');
  t.deepEqual(
    diff
      .split('\n')
      .filter(line => !line.startsWith('C '))
      .sort(),
    ['A /given', 'A /made', 'A /new', 'A /new/place', 'A /shifted', 'A /who'],
  );
  await ok('export', '-o', join(scratch, 'export.tar'), 'owned');
  const exported = owners(join(scratch, 'export.tar'));
  for (const [path, owner] of Object.entries({made: '7/8', given: '0/0', 'new/place/': '0/0', 'etc/passwd': '0/0'})) {
    t.is(exported.get(path), owner, path);
  }
  await ok('commit', 'owned', 'committed');
  t.is(
    await run('committed', 'stat', '-c', '%u:%g %n', '/made', '/given', '/new/place', '/bin/busybox'),
    '7:8 /made\n0:0 /given\n0:0 /new/place\n0:0 /bin/busybox',
  );
  t.is(await run('--userns', 'host', 'committed', 'stat', '-c', '%u:%g', '/made'), '7:8');
  await ok('save', '-o', join(scratch, 'image.tar'), 'committed');
  const volume = join(engine.paths.dataRoot, '200000.300000/volumes/shifted/_data');
  t.like(statSync(volume), {uid: 200_000, gid: 300_000});
  t.is(
    await run(
      '-v',
      'shifted:/shifted',
      'busybox',
      'sh',
      '-c',
      'touch /shifted/file; stat -c %u:%g /shifted /shifted/file',
    ),
    '0:0\n0:0',
  );
  t.like(statSync(join(volume, 'file')), {uid: 200_000, gid: 300_000});
  await ok('rm', 'owned');
  await ok('volume', 'rm', 'shifted');
  await ok('rmi', 'committed');
});

test.serial('a network of its own can be administered', async t => {
  t.regex(await run('--cap-add', 'NET_ADMIN', 'busybox', 'sh', '-c', 'ip link set lo down && ip a'), /lo: <LOOPBACK> /);
  const id = await ok('run', '-d', '--ipc', 'shareable', 'busybox', 'sleep', '60');
  for (const kind of ['network', 'pid', 'ipc']) {
    const inside = ['busybox', 'sh', '-c', 'ls /sys/class/net; touch /dev/shm/x; readlink /proc/self/ns/user'];
    const [, , own] = (await run(`--${kind}`, `container:${id}`, ...inside)).split('\n');
    t.is(own, await ok('exec', id, 'readlink', '/proc/self/ns/user'), kind);
  }
  await ok('rm', '-f', id);
});

test.serial('streams, devices, tmpfs and shared memory', async t => {
  t.is(await run('--user', '1000', 'busybox', 'sh', '-c', 'echo said > /dev/stdout'), 'said');
  const id = await ok('run', '-d', 'busybox', 'sleep', '60');
  t.is(await ok('exec', '--user', '1000', id, 'sh', '-c', 'echo said > /dev/stdout'), 'said');
  await ok('rm', '-f', id);
  t.is(
    await run('--tmpfs', '/t', '--ipc', 'shareable', 'busybox', 'stat', '-c', '%u:%g %a', '/t', '/dev/shm'),
    '0:0 1777\n0:0 1777',
  );
  t.regex(await run('busybox', 'stat', '-c', '%u %F', '/dev/null', '/etc/hostname'), /^65534 character.*\n0 regular/);
  t.is(await run('--read-only', 'busybox', 'sh', '-c', 'touch /x 2>/dev/null || echo refused'), 'refused');
  t.is(
    await run('--mount', 'type=image,src=busybox,dst=/image', 'busybox', 'stat', '-c', '%u', '/image/bin/busybox'),
    '0',
  );
});

test.serial('what shares the machine with others is refused', async t => {
  const refused = async (message: string, ...args: string[]) => {
    const {stderr, exitCode} = await engine.docker('create', ...args, 'busybox');
    t.is(exitCode, 1);
    t.true(stderr.includes(message), stderr);
    t.is((await engine.docker('create', '--name', 'allowed', '--userns', 'host', ...args, 'busybox')).exitCode, 0);
    await ok('rm', 'allowed');
  };
  await refused(
    'privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode',
    '--privileged',
  );
  await refused("cannot share the host's network namespace when user namespaces are enabled", '--network', 'host');
  await refused('cannot share the host PID namespace when user namespaces are enabled', '--pid', 'host');
  t.regex(
    await run('--userns', 'host', '--privileged', 'busybox', 'cat', '/proc/self/uid_map'),
    /^ *0 +0 +4294967295$/,
  );
});

test.serial('a killed daemon takes over its containers, and cleans up after those that ended', async t => {
  const kept = await ok('run', '-d', 'busybox', 'sleep', '600');
  const ended = await ok('run', '-d', 'busybox', 'sleep', '600');
  const pid = Number(await ok('inspect', '--format', '{{.State.Pid}}', ended));
  await engine.dockerd.kill();
  process.kill(pid, 'SIGKILL');
  await engine.dockerd.start();
  t.is(await ok('exec', kept, 'id', '-u'), '0');
  t.is(await ok('inspect', '--format', '{{.State.Running}}', ended), 'false');
  await ok('restart', '-t', '0', kept);
  t.is(await ok('exec', kept, 'stat', '-c', '%u', '/bin/busybox'), '0');
  await ok('rm', '-f', kept, ended);
  const pinned = await engine.run(['ls', join(engine.paths.execRoot, 'userns')]);
  t.is(pinned.stdout, '');
  t.deepEqual(readdirSync(join(engine.paths.dataRoot, '200000.300000/rootfs/overlayfs')), []);
});
