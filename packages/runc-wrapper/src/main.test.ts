/** The command line, as its callers see it. */
import {existsSync, mkdirSync, readFileSync, unlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {missing, RuntimeSandbox, wrapper} from './test-support/sandbox.ts';

const runc = '/usr/sbin/runc';
const reason = missing(runc);
const serial = reason ? test.serial.skip : test.serial;
if (reason) console.error(`command line tests skipped: ${reason}`);

serial('state, list and ps print what runc prints, byte for byte', async t => {
  const sandbox = await RuntimeSandbox.open(t);
  const annotations = {'a.b': '<c & d>', bundle: 'not the bundle'};
  const bundle = sandbox.bundle(['sleep', '1000'], spec => Object.assign(spec, {annotations}));
  const run = (program: string[], ...args: string[]) =>
    sandbox.run([...program, '--root', sandbox.root, ...args], {cwd: bundle});
  t.is(run(wrapper, 'create', 'first').code, 0);
  t.is(run([runc], 'create', 'second').code, 0);
  t.is(run(wrapper, 'start', 'second').code, 0);
  for (const args of [
    ['state', 'first'],
    ['state', 'second'],
    ['list'],
    ['list', '--quiet'],
    ['list', '-f', 'json'],
    ['ps', '-f', 'json', 'first'],
    ['ps', 'first', '-o', 'pid,comm'],
    ['list', '-f', 'xml'],
  ]) {
    const [ours, theirs] = [run(wrapper, ...args), run([runc], ...args)];
    t.deepEqual({...ours, stderr: ''}, {...theirs, stderr: ''}, args.join(' '));
  }
  // Either deletes what the other made.
  t.is(run([runc], 'delete', '--force', 'first').code, 0);
  t.is(run(wrapper, 'delete', '--force', 'second').code, 0);
  t.is(run([runc], 'list', '-q').stdout, '');
  t.is(run(wrapper, 'list', '-f', 'json').stdout, 'null\n');
});

serial('errors go to --log in its format, and bare to standard error', async t => {
  const sandbox = await RuntimeSandbox.open(t);
  const log = join(sandbox.directory, 'log.json');
  const {code, stderr} = sandbox.run([...wrapper, '--log', log, '--log-format=json', 'state', 'nosuch']);
  t.is(code, 1);
  t.is(stderr, 'container does not exist\n');
  const {time, ...entry} = JSON.parse(readFileSync(log, 'utf8'));
  t.deepEqual(entry, {level: 'error', msg: 'container does not exist'});
  t.regex(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  t.regex(
    sandbox.run([...wrapper, 'state', 'nosuch']).stderr,
    /^time="[^"]+" level=error msg="container does not exist"\n$/,
  );
  t.regex(
    sandbox.run([...wrapper, '--log', '/nonexistent/x', 'list']).stderr,
    /open \/nonexistent\/x: no such file or directory/,
  );
});

serial('usage: help, version, unknown commands and flags', async t => {
  const sandbox = await RuntimeSandbox.open(t);
  const run = (...args: string[]) => sandbox.run([...wrapper, ...args]);
  t.regex(run('--version').stdout, /^runc version 1\.3\.6-longshore\.\d+\.\d+\.\d+\ncommit: .+\nspec: 1\.2\.1\n$/);
  t.like(run('bogus'), {code: 3, stdout: ''});
  t.regex(run('bogus').stderr, /No help topic for 'bogus'/);
  t.regex(run('--bogus').stdout, /^Incorrect Usage\. flag provided but not defined: -bogus/);
  t.regex(
    run('state', '--bogus').stdout,
    /^Incorrect Usage: flag provided but not defined: -bogus\n\nNAME:\n {3}runc state - /,
  );
  t.like(run('kill'), {code: 1});
  for (const value of ['1', 'bogus'])
    t.is(run('--root', sandbox.directory, '--rootless', value, 'list').code, 0, 'as runc');
  t.regex(run('kill').stderr, /"kill\\" requires a minimum of 1 argument\(s\)/);
  t.like(run('delete', '--help'), {code: 0, stderr: ''});
  t.is(run('help', 'delete').stdout, run('delete', '-h').stdout);
  t.regex(run().stdout, /\nCOMMANDS:\n {3}checkpoint /);
});

serial(
  'the runtime gets signals at their default and the descriptors that were meant for it, and no others',
  async t => {
    const sandbox = await RuntimeSandbox.open(t);
    const bundle = sandbox.bundle(['sh', '-c', 'cat <&3']);
    writeFileSync(join(sandbox.directory, 'input'), 'through fd 3\n');
    const command = [...wrapper, '--root', sandbox.root, 'run', '--preserve-fds', '1', 'c1'];
    const {code, stdout, stderr} = sandbox.run(
      ['sh', '-c', 'exec 3<"$0"; exec "$@"', join(sandbox.directory, 'input'), ...command],
      {
        cwd: bundle,
      },
    );
    t.is(stderr, '');
    t.is(stdout, 'through fd 3\n');
    t.is(code, 0);
    // No shell here: those ignore signals of their own.
    const signals = sandbox.bundle(['busybox', 'grep', 'SigIgn', '/proc/self/status']);
    const ignored = sandbox.run([...wrapper, '--root', sandbox.root, 'run', 'c2'], {cwd: signals});
    t.regex(ignored.stdout, /^SigIgn:\s+0{16}\n$/);
  },
);

serial('run and exec have the exit code of the process', async t => {
  const sandbox = await RuntimeSandbox.open(t);
  const run = (bundle: string, ...args: string[]) =>
    sandbox.run([...wrapper, '--root', sandbox.root, ...args], {cwd: bundle});
  t.is(run(sandbox.bundle(['sh', '-c', 'exit 42']), 'run', 'c1').code, 42);
  const missingProgram = run(sandbox.bundle(['nosuch']), 'run', 'c1');
  t.is(missingProgram.code, 1);
  t.regex(missingProgram.stderr, /exec: \\"nosuch\\": executable file not found in \$PATH/);
  const bundle = sandbox.bundle(['sleep', '1000']);
  run(bundle, 'run', '--detach', 'c2');
  t.is(run(bundle, 'exec', 'c2', 'sh', '-c', 'exit 9').code, 9);
  t.is(run(bundle, 'exec', 'c2', 'sh', '-c', 'kill -9 $$').code, 128 + 9);
  t.is(run(bundle, 'exec', 'c2', 'nosuch').code, 255);
  t.is(run(bundle, 'exec', 'c2', 'echo', '--force', '-e').stdout, '--force -e\n');
  const unknown = run(bundle, 'kill', 'c2', '99');
  t.is(unknown.code, 1);
  t.regex(unknown.stderr, /unable to signal init: invalid argument/);
  t.is(run(bundle, 'delete', '--force', 'c2').code, 0);
});

serial('a clean-up that fails is logged, and the container is deleted all the same', async t => {
  const sandbox = await RuntimeSandbox.open(t);
  const bundle = sandbox.bundle(['true'], spec => {
    spec.hooks = {poststop: [{path: '/bin/false'}]};
  });
  for (const program of [wrapper, [runc]]) {
    const run = (...args: string[]) => sandbox.run([...program, '--root', sandbox.root, ...args], {cwd: bundle});
    t.is(run('create', 'c1').code, 0);
    const {code, stderr} = run('delete', 'c1');
    t.is(code, 0);
    t.regex(stderr, /level=error msg="error running hook #0: error running hook: exit status 1, stdout: , stderr: "/);
    t.is(run('list', '-q').stdout, '');
  }
});

serial('delete takes away what an interrupted create left', async t => {
  const sandbox = await RuntimeSandbox.open(t);
  const run = (...args: string[]) => sandbox.run([...wrapper, '--root', sandbox.root, ...args]);
  const half = join(sandbox.root, 'half');
  mkdirSync(half, {recursive: true});
  t.is(run('list', '-q').stdout, '');
  t.is(run('delete', '--force', 'half').code, 0);
  t.false(existsSync(half));
  t.is(run('delete', '../half').code, 1, 'an id is never a path');
});

serial('events shows statistics and the end of the memory, and ends with the container', async t => {
  const sandbox = await RuntimeSandbox.open(t);
  const bundle = sandbox.bundle(['sh', '-c', 'x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done'], spec => {
    spec.linux!.resources!.memory = {limit: 16 * 1024 * 1024};
  });
  const command = [...wrapper, '--root', sandbox.root].join(' ');
  const script = `
    ${command} create --bundle ${bundle} c1 >/dev/null </dev/null
    ${command} events --interval 50ms c1 >events & reader=$!
    until grep -q stats events; do sleep 0.02; done
    ${command} start c1
    for i in $(seq 200); do grep -q oom events && break; sleep 0.02; done
    ${command} delete --force c1
    wait $reader; echo "ended $?"; cat events`;
  const {stdout} = sandbox.run(['sh', '-c', script]);
  t.regex(stdout, /^ended 0\n\{"type":"stats","id":"c1","data":\{"cpu":/);
  t.regex(stdout, /^\{"type":"oom","id":"c1"\}$/m);
});

serial('spec writes what runc writes, and overwrites nothing', async t => {
  const sandbox = await RuntimeSandbox.open(t);
  for (const args of [['spec'], ['spec', '--rootless']]) {
    const read = (program: string[]) => {
      const path = join(sandbox.directory, 'config.json');
      t.is(sandbox.run([...program, ...args, '--bundle', sandbox.directory]).code, 0);
      const again = sandbox.run([...program, ...args, '--bundle', sandbox.directory]);
      t.is(again.code, 1);
      t.regex(again.stderr, /File config\.json exists\. Remove it first/);
      const {ociVersion, ...spec} = JSON.parse(readFileSync(path, 'utf8'));
      unlinkSync(path);
      t.truthy(ociVersion);
      delete spec.process.capabilities.ambient; // runc 1.1 still sets it
      return spec;
    };
    t.deepEqual(read(wrapper), read([runc]));
  }
});

serial("a container whose cgroup is systemd's is deleted by the runtime", async t => {
  const sandbox = await RuntimeSandbox.open(t);
  const fake = join(sandbox.directory, 'fake-runtime');
  writeFileSync(fake, '#!/bin/sh\necho "$*"\n', {mode: 0o755});
  mkdirSync(join(sandbox.root, 'c1'), {recursive: true});
  const config = {rootfs: '/r', cgroups: {Systemd: true}};
  const state = {id: 'c1', init_process_pid: 0, init_process_start: 0, created: '', config};
  writeFileSync(join(sandbox.root, 'c1/state.json'), JSON.stringify(state));
  const command = [...wrapper, '--root', sandbox.root, '--runtime-binary', fake, 'delete', '--force', 'c1'];
  t.like(sandbox.run(command), {code: 0, stdout: `--root ${sandbox.root} delete --force c1\n`});
});

serial('--runtime-binary chooses the runtime', async t => {
  const sandbox = await RuntimeSandbox.open(t);
  const fake = join(sandbox.directory, 'fake-runtime');
  writeFileSync(fake, '#!/bin/sh\necho "$0 $*"\nexit 5\n', {mode: 0o755});
  const run = (...args: string[]) => sandbox.run([...wrapper, '--root', '/r', '--runtime-binary', fake, ...args]);
  t.like(run('--debug', 'create', '--bundle=/b', 'c1'), {
    code: 5,
    stdout: `${fake} --root /r --debug create --bundle=/b c1\n`,
  });
  t.like(run('features'), {code: 5, stdout: `${fake} --root /r features\n`});
  const {code, stderr} = sandbox.run([...wrapper, '--runtime-binary', 'nosuch', 'features']);
  t.is(code, 1);
  t.regex(stderr, /cannot find an OCI runtime: no nosuch in PATH/);
});
