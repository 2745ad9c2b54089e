/** `docker run` with every flag of the spine, by our CLI and by the originals. */
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {docker, dockerClients} from '../harness/clients.ts';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);

for (const client of dockerClients) {
  const run = (args: string[], input?: string | Buffer) => docker(client, engine(), ['run', '--rm', ...args], input);

  test(`${client.name}: output and exit code of the process`, async t => {
    const result = await run(['busybox', 'sh', '-c', 'echo out; echo err >&2; exit 7']);
    t.deepEqual([result.exitCode, result.stdout, result.stderr], [7, 'out', 'err']);
  });

  test(`${client.name}: -d prints the id, and the container is there`, async t => {
    const started = await docker(client, engine(), ['run', '-d', 'busybox', 'sleep', '60']);
    t.regex(started.stdout, /^[0-9a-f]{64}$/);
    const listed = await docker(client, engine(), ['ps', '--no-trunc', '-q']);
    t.true(listed.stdout.includes(started.stdout));
    t.is((await docker(client, engine(), ['rm', '-f', started.stdout])).exitCode, 0);
  });

  test(`${client.name}: -e, -w, -u, -h, --entrypoint`, async t => {
    const script = 'echo $A:$(pwd):$(id -u):$(id -g):$(hostname)';
    const result = await run([
      '-e',
      'A=b c',
      '-w',
      '/made/here',
      '-u',
      'user',
      '-h',
      'box',
      'busybox',
      'sh',
      '-c',
      script,
    ]);
    t.is(result.stdout, 'b c:/made/here:1000:1000:box');
    t.is((await run(['--entrypoint', '/bin/echo', 'busybox', 'entry', 'point'])).stdout, 'entry point');
    t.is((await run(['-u', '5:7', 'busybox', 'sh', '-c', 'id -u; id -g'])).stdout, '5\n7');
  });

  test(`${client.name}: -v binds a directory, read-write and read-only`, async t => {
    const dir = join(engine().paths.scratch, `bind-${client.name.replaceAll(/\W/g, '')}`);
    mkdirSync(dir);
    writeFileSync(join(dir, 'from-host'), 'host');
    const readWrite = await run([
      '-v',
      `${dir}:/data`,
      'busybox',
      'sh',
      '-c',
      'cat /data/from-host; echo in > /data/new',
    ]);
    t.is(readWrite.stdout, 'host');
    const readOnly = await run(['-v', `${dir}:/data:ro`, 'busybox', 'sh', '-c', 'cat /data/new; echo no > /data/new']);
    t.is(readOnly.stdout, 'in');
    t.not(readOnly.exitCode, 0);
    t.regex(readOnly.stderr, /Read-only file system/);
  });

  test(`${client.name}: -i passes piped standard input, and its end`, async t => {
    t.is((await run(['-i', 'busybox', 'cat'], 'line one\nline two')).stdout, 'line one\nline two');
    // The answer comes after the half-close: the output side of the connection must still be open.
    t.is(
      (await run(['-i', 'busybox', 'sh', '-c', 'wc -c; sleep 0.2; echo end'], 'x'.repeat(100_000))).stdout,
      '100000\nend',
    );
  });

  test(`${client.name}: networks bridge, none and host`, async t => {
    const address = "ip -4 -o addr show | awk '{print $2, $4}'";
    t.regex((await run(['busybox', 'sh', '-c', address])).stdout, /eth0 172\.\d+\.0\.\d+\/16/);
    t.is((await run(['--network', 'none', 'busybox', 'sh', '-c', address])).stdout, 'lo 127.0.0.1/8');
    t.regex((await run(['--network', 'host', 'busybox', 'sh', '-c', address])).stdout, /docker0 172/);
  });

  test(`${client.name}: exit codes 125, 126, 127 and names`, async t => {
    t.is((await run(['busybox', '/no/such/program'])).exitCode, 127);
    t.is((await run(['busybox', '/etc/passwd'])).exitCode, 126);
    t.is((await run(['--name', '!bad', 'busybox', 'true'])).exitCode, 125);
    t.is((await run(['no-such-image-here', 'true'])).exitCode, 125);
    t.is((await run(['busybox', 'sh', '-c', 'sh -c "kill -9 \\$\\$"; exit $?'])).exitCode, 137);
  });
}

// Versions 28 of the original have lost this, though it is documented.
for (const client of dockerClients.filter(({name}) => name !== 'a newer docker')) {
  test(`${client.name}: run -a stdin prints the id, and the process reads what is sent`, async t => {
    const started = await docker(client, engine(), ['run', '-i', '-a', 'stdin', 'busybox', 'cat'], 'from outside');
    t.deepEqual([started.exitCode, started.stderr], [0, '']);
    t.regex(started.stdout, /^[0-9a-f]{64}$/);
    t.is((await docker(client, engine(), ['wait', started.stdout])).stdout, '0');
    t.is((await docker(client, engine(), ['logs', started.stdout])).stdout, 'from outside');
    t.is((await docker(client, engine(), ['rm', started.stdout])).exitCode, 0);
  });
}

test('exit codes of run arrive as they are', async t => {
  const codes = [0, 1, 2, 3, 42, 124, 125, 126, 127, 128, 129, 130, 137, 143, 200, 254, 255];
  for (const code of codes)
    t.is((await engine().docker('run', '--rm', 'busybox', 'sh', '-c', `exit ${code}`)).exitCode, code);
});

test('every exit code from 0 to 255, by exec', async t => {
  await engine().dockerOk('run', '-d', '--name', 'codes', 'busybox', 'sleep', '300');
  const codes = Array.from({length: 256}, (_, code) => code);
  const seen: number[] = [];
  for (let at = 0; at < codes.length; at += 8) {
    const batch = codes.slice(at, at + 8).map(code => engine().docker('exec', 'codes', 'sh', '-c', `exit ${code}`));
    seen.push(...(await Promise.all(batch)).map(result => result.exitCode));
  }
  t.deepEqual(seen, codes);
  await engine().dockerOk('rm', '-f', 'codes');
});

test('containers reach each other and the host over docker0', async t => {
  const id = await engine().dockerOk(
    'run',
    '-d',
    '--name',
    'web',
    'busybox',
    'sh',
    '-c',
    'echo hi > /tmp/f; httpd -f -p 80 -h /tmp',
  );
  const address = await engine().dockerOk('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'web');
  t.regex(address, /^172\.\d+\.0\.\d+$/);
  t.is(await engine().dockerOk('run', '--rm', 'busybox', 'wget', '-qO-', `http://${address}/f`), 'hi');
  t.is((await engine().run(['/bin/busybox', 'wget', '-qO-', `http://${address}/f`])).stdout, 'hi');
  await engine().dockerOk('rm', '-f', id);
});

test('docker exec: output, exit code, environment, user, standard input', async t => {
  await engine().dockerOk('run', '-d', '--name', 'target', '-e', 'A=1', 'busybox', 'sleep', '60');
  const exec = (args: string[], input?: string) => docker(dockerClients[0]!, engine(), ['exec', ...args], input);
  t.is((await exec(['-e', 'B=2', '-w', '/tmp', 'target', 'sh', '-c', 'echo $A$B $(pwd)'])).stdout, '12 /tmp');
  t.is((await exec(['target', 'sh', '-c', 'exit 9'])).exitCode, 9);
  t.is((await exec(['-u', 'nobody', 'target', 'id', '-un'])).stdout, 'nobody');
  t.is((await exec(['-i', 'target', 'cat'], 'piped')).stdout, 'piped');
  t.is((await exec(['target', 'no-such'])).exitCode, 127);
  await engine().dockerOk('rm', '-f', 'target');
});

test('stop, start, restart, rename, kill and wait', async t => {
  const e = engine();
  await e.dockerOk(
    'run',
    '-d',
    '--name',
    'life',
    'busybox',
    'sh',
    '-c',
    'trap "exit 3" TERM; while :; do sleep 0.05; done',
  );
  await e.dockerOk('stop', 'life');
  t.is(await e.dockerOk('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'life'), 'exited 3');
  await e.dockerOk('start', 'life');
  await e.dockerOk('restart', 'life');
  await e.dockerOk('rename', 'life', 'after');
  t.is(await e.dockerOk('inspect', '-f', '{{.Name}} {{.State.Running}}', 'after'), '/after true');
  const waiting = e.docker('wait', 'after');
  await e.dockerOk('kill', 'after');
  t.is((await waiting).stdout, '137');
  await e.dockerOk('rm', 'after');
});

test('logs: all, --tail, timestamps, and nothing of the other stream', async t => {
  const e = engine();
  await e.dockerOk('run', '--name', 'talk', 'busybox', 'sh', '-c', 'seq 1 5; echo bad >&2');
  const logs = await e.docker('logs', 'talk');
  t.deepEqual([logs.stdout, logs.stderr], ['1\n2\n3\n4\n5', 'bad']);
  t.is((await e.docker('logs', '--tail', '2', 'talk')).stdout, '5');
  t.regex((await e.docker('logs', '-t', 'talk')).stdout, /^\d{4}-\d\d-\d\dT[\d:.]+Z 1$/m);
  await e.dockerOk('rm', 'talk');
});
