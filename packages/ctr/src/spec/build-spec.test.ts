import test from 'ava';
import {parseFlags} from '../command/parse-flags.ts';
import {buildSpec, parseMount, readSpec} from './build-spec.ts';
import {specFlags} from './spec-flags.ts';

function build(
  argv: string[],
  args: string[] = [],
  image = {Env: ['A=1'], Entrypoint: ['/entry'], Cmd: ['cmd'], WorkingDir: '/w'},
) {
  return buildSpec({namespace: 'default', id: 'c1', flags: parseFlags(specFlags, argv).values, image, args});
}

test('the image gives command, environment and directory; the command line wins', async t => {
  const plain = await build([]);
  t.deepEqual(plain.process.args, ['/entry', 'cmd']);
  t.is(plain.process.cwd, '/w');
  t.is(plain.linux.cgroupsPath, '/default/c1');
  t.deepEqual(plain.process.env?.slice(1), ['A=1']);
  const own = await build(['--env', 'A=2', '--env', 'B=3', '--cwd', '/x', '-t'], ['sh', '-c', 'true']);
  t.deepEqual(own.process.args, ['sh', '-c', 'true']);
  t.deepEqual(own.process.env?.slice(1), ['A=2', 'B=3', 'TERM=xterm']);
  t.true(own.process.terminal);
});

test('--net-host, --with-ns, --cap-*, limits and --cgroup', async t => {
  const spec = await build([
    '--net-host',
    '--with-ns',
    'pid:/proc/1/ns/pid',
    '--cap-add',
    'CAP_SYS_ADMIN',
    '--cap-drop',
    'CAP_KILL',
    '--memory-limit',
    '1048576',
    '--cpus',
    '1.5',
    '--cgroup',
    '/own',
  ]);
  t.deepEqual(
    spec.linux.namespaces?.map(n => n.type),
    ['ipc', 'uts', 'mount', 'pid'],
  );
  t.is(spec.linux.namespaces?.at(-1)?.path, '/proc/1/ns/pid');
  t.true(spec.process.capabilities?.bounding?.includes('CAP_SYS_ADMIN'));
  t.false(spec.process.capabilities?.effective?.includes('CAP_KILL'));
  t.is(spec.linux.resources?.memory?.limit, 1_048_576);
  t.deepEqual(spec.linux.resources?.cpu, {shares: 1024, quota: 150_000, period: 100_000});
  t.is(spec.linux.cgroupsPath, '/own');
  t.true(spec.mounts.some(m => m.destination === '/etc/resolv.conf'));
});

test('mounts are parsed, and what is unknown is refused', t => {
  t.deepEqual(parseMount('type=bind,src=/tmp,dst=/host,options=rbind:ro'), {
    ...{destination: '/host', type: 'bind', source: '/tmp', options: ['rbind', 'ro']},
  });
  t.throws(() => parseMount('type=bind,src=/tmp'), {message: /no destination/});
  t.throws(() => parseMount('type=bind,color=red,dst=/x'), {message: /mount option "color" not supported/});
});

test('a command there must be', async t => {
  await t.throwsAsync(build([], [], {Env: [], Entrypoint: [], Cmd: [], WorkingDir: ''}), {message: /no command/});
  await t.throwsAsync(build(['--cap-add', 'SYS_ADMIN']), {message: /'CAP_' prefix/});
});

test('with --config, flags that would change the specification are refused', async t => {
  const flags = parseFlags(specFlags, ['--config', '/nonexistent', '--read-only']).values;
  await t.throwsAsync(readSpec(flags), {message: '--read-only and --config cannot be specified together'});
});
