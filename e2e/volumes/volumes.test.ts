/** Volumes: named and anonymous, filled from the image, kept and removed with their containers. */
import test from 'ava';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);

test('a named volume keeps its data, read-only where it is asked for', async t => {
  const e = engine();
  await e.dockerOk('run', '--rm', '-v', 'data1:/data', 'busybox', 'sh', '-c', 'echo kept > /data/file');
  t.is(await e.dockerOk('run', '--rm', '-v', 'data1:/data:ro', 'busybox', 'cat', '/data/file'), 'kept');
  t.not((await e.docker('run', '--rm', '-v', 'data1:/data:ro', 'busybox', 'touch', '/data/x')).exitCode, 0);
  const id = await e.dockerOk('create', '-v', 'data1:/data', 'busybox');
  const refused = await e.docker('volume', 'rm', 'data1');
  t.is(refused.exitCode, 1);
  t.true(refused.stderr.includes(`remove data1: volume is in use - [${id}]`), refused.stderr);
  await e.dockerOk('rm', id);
  await e.dockerOk('volume', 'rm', 'data1');
});

test('an empty volume is filled from the image, unless told otherwise', async t => {
  const e = engine();
  t.regex(await e.dockerOk('run', '--rm', '-v', 'filled:/etc', 'busybox', 'cat', '/etc/passwd'), /^root:/);
  const copied = await e.dockerOk('run', '--rm', '-v', 'filled:/x', 'busybox', 'sh', '-c', 'ls /x; stat -c %a /x');
  t.regex(copied, /passwd/);
  t.is(
    await e
      .dockerOk('run', '--rm', '-v', 'empty:/etc:nocopy', 'busybox', 'ls', '/etc')
      .then(text => text.includes('passwd')),
    false,
  );
  await e.dockerOk('volume', 'rm', 'filled', 'empty');
});

test('anonymous volumes go with --rm and rm -v, and stay without', async t => {
  const e = engine();
  const names = async () => (await e.dockerOk('volume', 'ls', '-q')).match(/^[0-9a-f]{64}$/gm) ?? [];
  await e.dockerOk('run', '--rm', '-v', '/anon', 'busybox', 'true');
  t.deepEqual(await names(), []);
  await e.dockerOk('run', '--name', 'keeps', '-v', '/anon', 'busybox', 'true');
  await e.dockerOk('rm', 'keeps');
  t.is((await names()).length, 1);
  t.regex(await e.dockerOk('volume', 'prune', '-f'), /Deleted Volumes:/);
  await e.dockerOk('run', '--name', 'takes', '-v', '/anon', 'busybox', 'true');
  await e.dockerOk('rm', '-v', 'takes');
  t.deepEqual(await names(), []);
});

test('a volume with a file system of its own is mounted while it is used', async t => {
  const e = engine();
  await e.dockerOk('volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', '-o', 'o=size=1m', 'small');
  t.regex(await e.dockerOk('run', '--rm', '-v', 'small:/s', 'busybox', 'df', '/s'), /tmpfs\s+1024/);
  t.is((await e.run(['findmnt', '-rno', 'TARGET', `${e.paths.dataRoot}/volumes/small/_data`])).stdout, '');
  await e.dockerOk('volume', 'rm', 'small');
});
