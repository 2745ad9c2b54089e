/** `docker cp` and `docker export`, by our CLI and by the originals. */
import {existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {docker, dockerClients} from '../harness/clients.ts';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);

for (const client of dockerClients) {
  const key = client.name.replaceAll(/\W/g, '');
  const run = (...args: string[]) => docker(client, engine(), args);
  const scratch = () => {
    const path = join(engine().paths.scratch, `copy-${key}`);
    mkdirSync(path, {recursive: true});
    return path;
  };

  for (const state of ['running', 'stopped'] as const) {
    test(`${client.name}: cp to and from a ${state} container`, async t => {
      const name = `${state}-${key}`;
      const dir = join(scratch(), state);
      mkdirSync(join(dir, 'tree/sub'), {recursive: true});
      writeFileSync(join(dir, 'tree/file'), 'content', {mode: 0o640});
      writeFileSync(join(dir, 'tree/sub/large'), Buffer.alloc(3 << 20, 'x'));
      symlinkSync('file', join(dir, 'tree/link'));
      await engine().dockerOk('create', '--name', name, '-v', `data-${name}:/data`, 'busybox', 'sleep', '60');
      if (state === 'running') await engine().dockerOk('start', name);
      const ok = async (...args: string[]) => {
        const result = await run(...args);
        t.is(result.exitCode, 0, `${args.join(' ')}: ${result.stderr}`);
      };

      await ok('cp', join(dir, 'tree'), `${name}:/tmp`);
      await ok('cp', join(dir, 'tree/file'), `${name}:/tmp/renamed`);
      await ok('cp', `${join(dir, 'tree')}/.`, `${name}:/data`);
      await ok('cp', `${name}:/tmp/tree`, join(dir, 'back'));
      await ok('cp', `${name}:/tmp/renamed`, join(dir, 'back-file'));
      await ok('cp', `${name}:/data/.`, join(dir, 'volume'));
      t.is(readFileSync(join(dir, 'back/file'), 'utf8'), 'content');
      t.is(lstatSync(join(dir, 'back/file')).mode & 0o777, 0o640);
      t.is(readlinkSync(join(dir, 'back/link')), 'file');
      t.deepEqual(readFileSync(join(dir, 'back/sub/large')), Buffer.alloc(3 << 20, 'x'));
      t.is(readFileSync(join(dir, 'back-file'), 'utf8'), 'content');
      t.is(readFileSync(join(dir, 'volume/file'), 'utf8'), 'content');

      const missing = await run('cp', `${name}:/no/such`, dir);
      t.not(missing.exitCode, 0);
      // Older clients have a text of their own for it.
      t.regex(missing.stderr, /Could not find the file \/no\/such in container|No such container:path: .*:\/no\/such/);
      if (state === 'stopped') await engine().dockerOk('start', name);
      t.is(await engine().dockerOk('exec', name, 'cat', '/tmp/tree/link', '/data/link'), 'contentcontent');
      await engine().dockerOk('rm', '-f', '-v', name);
    });
  }

  test(`${client.name}: links of a hostile container stay inside of it`, async t => {
    const name = `hostile-${key}`;
    const script = 'mkdir /inside; ln -s /etc /evil; ln -s ../../../../etc /up; echo own > /etc/only-here; sleep 60';
    await engine().dockerOk('run', '-d', '--name', name, 'busybox', 'sh', '-c', script);
    const file = join(scratch(), `planted-${key}`);
    writeFileSync(file, 'planted');
    for (const link of ['evil', 'up']) {
      const into = await run('cp', file, `${name}:/${link}/planted-${link}-${key}`);
      t.is(into.exitCode, 0, into.stderr);
      t.false(existsSync(`/etc/planted-${link}-${key}`));
      t.is(await engine().dockerOk('exec', name, 'cat', `/etc/planted-${link}-${key}`), 'planted');
      const out = join(scratch(), `out-${link}`);
      t.is((await run('cp', `${name}:/${link}/only-here`, out)).exitCode, 0);
      t.is(readFileSync(out, 'utf8'), 'own\n');
      t.not((await run('cp', `${name}:/${link}/debian_version`, out)).exitCode, 0);
    }
    await engine().dockerOk('rm', '-f', name);
  });

  test(`${client.name}: export`, async t => {
    const name = `export-${key}`;
    await engine().dockerOk(
      'run',
      '--name',
      name,
      '-v',
      '/vol',
      'busybox',
      'sh',
      '-c',
      'echo x > /made; echo y > /vol/no',
    );
    const archive = join(scratch(), 'root.tar');
    const result = await run('export', '-o', archive, name);
    t.is(result.exitCode, 0, result.stderr);
    const names = (await engine().run(['/bin/tar', 'tf', archive])).stdout.split('\n');
    t.true(names.includes('made') && names.includes('bin/') && names.includes('vol/'));
    t.false(names.includes('vol/no'));
    await engine().dockerOk('rm', '-v', name);
  });
}

test('what is read-only is not written', async t => {
  const e = engine();
  const file = join(e.paths.scratch, 'refused');
  writeFileSync(file, 'x');
  await e.dockerOk(
    'create',
    '--name',
    'ro',
    '--read-only',
    '-v',
    'ro-volume:/vol:ro',
    '-v',
    '/free',
    'busybox',
    'sleep',
    '60',
  );
  for (const start of [false, true]) {
    if (start) await e.dockerOk('start', 'ro');
    t.regex((await e.docker('cp', file, 'ro:/tmp/x')).stderr, /container rootfs is marked read-only/);
    t.regex((await e.docker('cp', file, 'ro:/vol/x')).stderr, /mounted volume is marked read-only/);
    t.is((await e.docker('cp', file, 'ro:/free/x')).exitCode, 0);
  }
  await e.dockerOk('rm', '-f', '-v', 'ro');
});

test('events of copying', async t => {
  const e = engine();
  const file = join(e.paths.scratch, 'event-file');
  writeFileSync(file, 'x');
  const since = String(Math.floor(Date.now() / 1000) - 1);
  await e.dockerOk('create', '--name', 'events', 'busybox', 'true');
  await e.dockerOk('cp', file, 'events:/tmp');
  await e.dockerOk('cp', 'events:/tmp/event-file', join(e.paths.scratch, 'event-back'));
  await e.dockerOk('export', '-o', join(e.paths.scratch, 'event.tar'), 'events');
  const until = String(Math.floor(Date.now() / 1000) + 1);
  const events = await e.dockerOk(
    'events',
    '--since',
    since,
    '--until',
    until,
    '--filter',
    'container=events',
    '--format',
    '{{.Action}}',
  );
  t.deepEqual(events.split('\n'), ['create', 'extract-to-dir', 'archive-path', 'export']);
  await e.dockerOk('rm', 'events');
});
