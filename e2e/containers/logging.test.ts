/** Log drivers: their files, which the original can read and has written, and `docker logs` of all of them. */
import {once} from 'node:events';
import {cpSync, existsSync, mkdirSync, readdirSync} from 'node:fs';
import {createServer, type Socket} from 'node:net';
import {join} from 'node:path';
import {debianExecutables, type Engine, poll} from '@longshore/testing';
import test, {type ExecutionContext} from 'ava';
import {docker, dockerClients} from '../harness/clients.ts';
import {openEngine} from '../harness/open.ts';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);
const [client] = dockerClients;
const run = (...args: string[]) => docker(client!, engine(), args);

/** Some of all: both streams, many lines, one of 40000 bytes, one without an end. */
const script = `i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); done; echo err >&2; sleep 0.1
head -c 40000 /dev/zero | tr '\\0' x; echo; printf 'no end'`;

const limits = ['--log-opt', 'max-size=9k', '--log-opt', 'max-file=20'];

function logDirectory(of: Engine, id: string): string {
  return join(of.paths.dataRoot, 'containers', id, 'local-logs');
}

async function runLocal(of: Engine, t: ExecutionContext): Promise<string> {
  const result = await of.run([
    of.executables.docker,
    ...['run', '-d', '--network', 'none', '--log-driver', 'local', ...limits, 'busybox', 'sh', '-c', script],
  ]);
  t.is(result.exitCode, 0, String(result.stderr));
  const id = String(result.stdout).trim();
  await of.dockerOk('wait', id);
  return id;
}

/** What `docker logs` of a container that only has the files prints. */
async function readElsewhere(of: Engine, files: string, args: string[]) {
  const id = String(await of.dockerOk('create', '--log-driver', 'local', ...limits, 'busybox', 'true')).trim();
  mkdirSync(logDirectory(of, id), {recursive: true});
  cpSync(files, logDirectory(of, id), {recursive: true});
  const {stdout, stderr} = await of.run([of.executables.docker, 'logs', '--timestamps', ...args, id]);
  await of.dockerOk('rm', id);
  return {stdout: String(stdout), stderr: String(stderr)};
}

test('the files of the driver local are those of the original, both ways', async t => {
  t.timeout(60_000);
  const original = await openEngine(t, {executables: debianExecutables, leakCheck: false});
  const [ours, theirs] = await Promise.all([runLocal(engine(), t), runLocal(original, t)]);
  for (const [of, id] of [
    [engine(), ours],
    [original, theirs],
  ] as const) {
    const files = logDirectory(of, id);
    await poll(() => readdirSync(files).filter(name => name.endsWith('.gz')).length > 2, {what: 'compressed files'});
    for (const args of [[], ['--tail', '30'], ['--tail', '300']]) {
      const mine = await readElsewhere(engine(), files, args);
      const other = await readElsewhere(original, files, args);
      t.true(mine.stdout.split('\n').length > 20);
      // The original 20.10 gives the last piece of a long line no line feed; later ones do.
      const joined = (text: string) => text.replaceAll('\n', '');
      t.is(joined(mine.stdout), joined(other.stdout), args.join(' '));
      t.is(mine.stderr, other.stderr);
    }
  }
});

test('a driver that cannot be read has a cache that can, and the collector gets the records too', async t => {
  const path = join(engine().paths.scratch, 'syslog.sock');
  let received = '';
  const server = createServer((socket: Socket) => socket.on('data', data => (received += data)));
  server.listen(path);
  await once(server, 'listening');
  t.teardown(() => void server.close());
  const options = [
    '--log-driver',
    'syslog',
    '--log-opt',
    `syslog-address=unix://${path}`,
    '--log-opt',
    'tag={{.Name}}',
  ];
  const started = await run(
    'run',
    '-d',
    '--name',
    'talks',
    ...options,
    'busybox',
    'sh',
    '-c',
    'echo one; echo two >&2',
  );
  t.is(started.exitCode, 0, started.stderr);
  await run('wait', 'talks');
  await poll(() => received.includes(']: one\n') && received.includes(']: two\n'), {what: 'both records'});
  t.regex(received, /<30>\w{3} [ \d]\d [\d:]{8} talks\[\d+\]: one\n/);
  const {stdout, stderr} = await run('logs', 'talks');
  t.deepEqual([stdout.trim(), stderr.trim()], ['one', 'two']);
  await run('rm', 'talks');
  await run('run', '--name', 'talks', '--log-opt', 'cache-disabled=true', ...options, 'busybox', 'echo', 'x');
  const refused = await run('logs', 'talks');
  t.regex(refused.stderr, /configured logging driver does not support reading/);
  t.is((await run('rm', 'talks')).exitCode, 0);
});

test('a collector that is away fails the start, and leaves nothing', async t => {
  const address = `unix://${join(engine().paths.scratch, 'nobody.sock')}`;
  const result = await run(
    'run',
    '--name',
    'away',
    '--log-driver',
    'fluentd',
    '--log-opt',
    `fluentd-address=${address}`,
    'busybox',
    'true',
  );
  t.is(result.exitCode, 127); // by the words of the message, as the original client does
  t.regex(result.stderr, /failed to initialize logging driver: dial unix .*nobody.sock: connect: no such file or dir/);
  const {stdout: id} = await run('inspect', '-f', '{{.Id}}', 'away');
  t.regex(id, /^[0-9a-f]{64}$/);
  const left = () => existsSync(join(engine().paths.execRoot, 'containerd', id));
  await poll(() => !left(), {what: 'the pipes to go'});
  t.is((await run('rm', id)).exitCode, 0);
});

for (const driver of ['json-file', 'local']) {
  test(`${driver}: logs by tail, time and stream while the container goes on, across compressed files`, async t => {
    const id = (
      await run(
        ...['run', '-d', '--log-driver', driver, '--log-opt', 'max-size=4k', '--log-opt', 'max-file=9'],
        ...['--log-opt', 'compress=true', 'busybox', 'sh', '-c'],
        'i=0; while [ $i -lt 300 ]; do echo $i; i=$((i+1)); done; while [ ! -e /err ]; do sleep 0.1; done; echo last >&2; while [ ! -e /go ]; do sleep 0.1; done; echo later',
      )
    ).stdout;
    // The streams are two pipes: only what one of them has delivered is sure to come before a line of the other.
    await poll(async () => (await run('logs', '--tail', '1', id)).stdout.includes('299'), {what: 'the numbers'});
    await run('exec', id, 'touch', '/err');
    await poll(async () => (await run('logs', '--tail', '1', id)).stderr.includes('last'), {what: 'the last line'});
    const numbers = (from: number) => Array.from({length: 300 - from}, (_each, i) => String(from + i)).join('\n');
    t.is((await run('logs', '--tail', '151', id)).stdout.trim(), numbers(150));
    const stamped = (await run('logs', '--timestamps', '--tail', '101', id)).stdout.trim().split('\n');
    const [time = ''] = stamped[0]!.split(' ');
    t.is((await run('logs', '--since', time, id)).stdout.split('\n')[0], '200');
    t.is((await run('logs', '--until', time, id)).stdout.trim().split('\n').at(-1), '200');
    const following = run('logs', '--follow', '--tail', '1', id);
    await run('exec', id, 'touch', '/go');
    const followed = await following;
    // The last line of then, or the one that came before the reading began.
    t.true(['last', ''].includes(followed.stderr.trim()));
    t.is(followed.stdout.trim(), 'later');
    await run('rm', id);
  });
}

test('non-blocking: the container ends though its collector takes nothing', async t => {
  const path = join(engine().paths.scratch, 'stuck.sock');
  const sockets: Socket[] = [];
  const server = createServer({pauseOnConnect: true}, socket => void sockets.push(socket));
  server.listen(path);
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const options = ['--log-driver', 'syslog', '--log-opt', `syslog-address=unix://${path}`];
  const mode = ['--log-opt', 'mode=non-blocking', '--log-opt', 'max-buffer-size=64k'];
  const write = 'head -c 3000000 /dev/zero | tr "\\0" x | fold -w 99; touch /done; sleep 60';
  const id = (await run('run', '-d', ...options, ...mode, 'busybox', 'sh', '-c', write)).stdout;
  await poll(async () => (await run('exec', id, 'test', '-e', '/done')).exitCode === 0, {what: 'the writing to end'});
  t.is((await run('logs', '--tail', '1', id)).exitCode, 0);
  for (const socket of sockets) socket.destroy();
  server.close();
  await run('rm', '-f', id);
});
