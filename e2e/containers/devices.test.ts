/** Devices: of the host, by CDI, and GPUs, seen from inside of the container. */
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {openEngine} from '../harness/open.ts';

test('devices, rules, CDI, GPUs', async t => {
  const engine = await openEngine(t, {dockerdArgs: ['--cdi-spec-dir', '/tmp/ls-cdi-test/dynamic']});
  await engine.run([
    'sh',
    '-ec',
    'mkdir -p /tmp/ls-cdi-test; mount -t tmpfs cdi /tmp/ls-cdi-test; mkdir /tmp/ls-cdi-test/dynamic',
  ]);
  t.teardown(() => engine.run(['sh', '-c', 'umount -l /tmp/ls-cdi-test; rmdir /tmp/ls-cdi-test']));
  const dir = join(engine.paths.scratch, 'lib');
  mkdirSync(dir);
  writeFileSync(join(dir, 'library'), 'from the host');
  const yaml = `cdiVersion: "0.6.0"
kind: vendor.com/thing
containerEdits:
  env: [COMMON=yes]
devices:
  - name: one
    containerEdits:
      deviceNodes: [{path: /dev/thing, type: c, major: 1, minor: 4, permissions: r}]
      mounts: [{hostPath: ${dir}, containerPath: /opt/lib, options: [ro, rbind]}]
      env: [THING=one]
`;
  const written = await engine.run(['sh', '-c', 'cat > /tmp/ls-cdi-test/dynamic/thing.yaml'], {input: yaml});
  t.is(written.exitCode, 0);

  const script = 'echo $COMMON $THING; cat /opt/lib/library; echo; stat -c %t:%T /dev/thing; (: > /dev/thing) 2>&1';
  const run = await engine.docker('run', '--rm', '--device', 'vendor.com/thing=one', 'busybox', 'sh', '-c', script);
  t.regex(run.stdout, /^yes one\nfrom the host\n1:4\n.*Operation not permitted/);

  const unknown = await engine.docker('run', '--rm', '--device', 'vendor.com/thing=two', 'busybox', 'true');
  t.regex(unknown.stderr, /CDI device injection failed: unresolvable CDI devices vendor.com\/thing=two/);
  const gpu = await engine.docker('run', '--rm', '--gpus', 'all', 'busybox', 'true');
  t.regex(gpu.stderr, /could not select device driver "" with capabilities: \[\[gpu\]\]/);

  const own = ['--device', '/dev/null:/dev/mynull:r', '--device-cgroup-rule', 'c 1:8 rwm'];
  const result = await engine.docker(
    'run',
    '--rm',
    ...own,
    'busybox',
    'sh',
    '-c',
    'stat -c %t:%T /dev/mynull; cat < /dev/mynull',
  );
  t.is(result.stdout, '1:3');
  const {CDISpecDirs} = await engine.api.get<{CDISpecDirs: string[]}>('/info');
  t.deepEqual(CDISpecDirs, ['/tmp/ls-cdi-test/dynamic']);
});
