/** tools/install and tools/uninstall, below directories of their own and with executables of a few bytes. */
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import test, {type ExecutionContext} from 'ava';

const tools = resolve(import.meta.dirname, '../../tools');
const names = ['docker', 'dockerd', 'docker-proxy', 'containerd', 'ctr', 'containerd-shim-runc-v2', 'runc-wrapper'];

interface Place {
  root: string;
  from: string;
  /** Programs that come first in the PATH. */
  programs: string;
  install(...args: string[]): Result;
  uninstall(...args: string[]): Result;
}

type Result = {code: number | null; stdout: string; stderr: string};

function place(t: ExecutionContext): Place {
  const root = mkdtempSync(join(tmpdir(), 'ls-install-'));
  t.teardown(() => rmSync(root, {recursive: true}));
  const [from, programs] = [join(root, 'from'), join(root, 'programs')];
  for (const directory of [from, programs]) mkdirSync(directory);
  for (const name of names) program(join(from, name), `echo ${name} 1`);
  // Neither needs Node.
  program(join(programs, 'node'), 'echo "node was run" >&2; exit 99');
  const run = (tool: string, args: string[]): Result => {
    const env = {...process.env, PATH: `${programs}:/usr/sbin:/usr/bin:/sbin:/bin`};
    const {status, stdout, stderr} = spawnSync(join(tools, tool), args, {encoding: 'utf8', env});
    return {code: status, stdout, stderr};
  };
  return {
    root,
    from,
    programs,
    install: (...args) => run('install', ['--from', from, ...args]),
    uninstall: (...args) => run('uninstall', args),
  };
}

function program(path: string, script: string): void {
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

/** Paths of all files below a directory, and of directories that are empty. */
function files(directory: string): string[] {
  const found = readdirSync(directory, {recursive: true, withFileTypes: true});
  const paths = found.filter(entry => entry.isFile() || readdirSync(join(entry.parentPath, entry.name)).length === 0);
  return paths.map(entry => join(entry.parentPath, entry.name).slice(directory.length)).sort();
}

test('all executables and units, and away again without a trace', t => {
  const {root, install, uninstall} = place(t);
  const dest = join(root, 'dest');
  mkdirSync(join(dest, 'etc'), {recursive: true});
  const before = files(dest);
  t.like(install('--destdir', dest, '--with-systemd'), {code: 0, stderr: ''});
  t.deepEqual(
    files(join(dest, 'usr')),
    [
      ...names.map(name => `/bin/${name}`),
      ...['dockerd-rootless.sh', 'dockerd-rootless-setuptool.sh'].map(name => `/bin/${name}`),
      ...['containerd.service', 'docker.service', 'docker.socket'].map(unit => `/lib/systemd/system/${unit}`),
      '/lib/longshore/manifest',
    ].sort(),
  );
  t.is(statSync(join(dest, 'usr/bin/docker')).mode & 0o777, 0o755);
  t.is(spawnSync(join(dest, 'usr/bin/ctr'), {encoding: 'utf8'}).stdout, 'ctr 1\n');
  t.like(uninstall('--destdir', dest), {code: 0, stderr: ''});
  t.deepEqual(files(dest), before);
  t.false(existsSync(join(dest, 'usr')));
  t.is(uninstall('--destdir', dest).code, 1);
});

test('the units have what daemons of containers need', t => {
  const {root, install} = place(t);
  const unit = (dest: string, name: string) => readFileSync(join(dest, 'opt/x/lib/systemd/system', name), 'utf8');
  const alone = join(root, 'alone');
  t.is(install('--destdir', alone, '--prefix=/opt/x', '--with-systemd', 'dockerd').code, 0);
  const service = unit(alone, 'docker.service');
  for (const line of [
    'Type=notify',
    'KillMode=process',
    'Delegate=yes',
    'LimitNOFILE=infinity',
    'OOMScoreAdjust=-500',
    'ExecReload=/bin/kill -s HUP $MAINPID',
    'ExecStart=/opt/x/bin/dockerd -H fd://',
    'Requires=docker.socket',
  ])
    t.true(service.split('\n').includes(line), line);
  t.regex(unit(alone, 'docker.socket'), /^ListenStream=\/run\/docker\.sock$/m);
  t.notRegex(service + unit(alone, 'docker.socket'), /@/);
  // With a containerd of systemd's, dockerd uses that one, even when it comes later.
  t.is(install('--destdir', alone, '--prefix=/opt/x', '--with-systemd', 'containerd').code, 0);
  const together = unit(alone, 'docker.service');
  t.regex(together, /^ExecStart=\/opt\/x\/bin\/dockerd -H fd:\/\/ --containerd=\/run\/containerd\/containerd\.sock$/m);
  t.regex(together, /^Wants=network-online\.target containerd\.service$/m);
  t.regex(unit(alone, 'containerd.service'), /^ExecStart=\/opt\/x\/bin\/containerd$/m);
});

test('systemd is detected in the tree', t => {
  const {root, install} = place(t);
  const [without, with_] = [join(root, 'without'), join(root, 'with')];
  mkdirSync(join(with_, 'usr/lib/systemd'), {recursive: true});
  for (const dest of [without, with_]) t.is(install('--destdir', dest, 'dockerd').code, 0);
  t.false(existsSync(join(without, 'usr/lib/systemd')));
  t.true(existsSync(join(with_, 'usr/lib/systemd/system/docker.service')));
  const no = join(root, 'no');
  mkdirSync(join(no, 'usr/lib/systemd'), {recursive: true});
  t.is(install('--destdir', no, '--no-systemd', 'dockerd').code, 0);
  t.false(existsSync(join(no, 'usr/lib/systemd/system')));
});

test('a subset, and more of it later; each goes by itself', t => {
  const {root, install, uninstall} = place(t);
  const at = ['--prefix', join(root, 'p'), '--no-systemd'];
  const [prefix] = [at.slice(0, 2)];
  t.is(install(...at, 'ctr').code, 0);
  t.is(install(...at, 'docker', 'runc-wrapper').code, 0);
  t.deepEqual(readdirSync(join(root, 'p/bin')), ['ctr', 'docker', 'runc-wrapper']);
  t.is(uninstall(...prefix, 'docker').code, 0);
  t.deepEqual(readdirSync(join(root, 'p/bin')), ['ctr', 'runc-wrapper']);
  t.like(uninstall(...prefix, 'docker'), {code: 1});
  writeFileSync(join(root, 'p/bin/mine'), '');
  t.is(uninstall(...prefix).code, 0);
  t.deepEqual(files(join(root, 'p')), ['/bin/mine'], 'a directory that others use stays');
});

test('a newer version replaces the file whole, and what runs of the old one runs on', async t => {
  const {root, from, install, uninstall} = place(t);
  const at = ['--prefix', join(root, 'p'), '--no-systemd'];
  copyFileSync('/bin/sleep', join(from, 'dockerd'));
  t.is(install(...at, 'dockerd').code, 0);
  const daemon = spawn(join(root, 'p/bin/dockerd'), ['60']);
  await once(daemon, 'spawn');
  program(join(from, 'dockerd'), 'echo dockerd 2');
  t.like(install(...at, 'dockerd'), {code: 0, stderr: ''});
  t.is(spawnSync(join(root, 'p/bin/dockerd'), {encoding: 'utf8'}).stdout, 'dockerd 2\n');
  t.is(daemon.exitCode, null);
  t.regex(readFileSync(`/proc/${daemon.pid}/cmdline`, 'utf8'), /dockerd\0/);
  daemon.kill('SIGKILL');
  const installed = ['dockerd', 'dockerd-rootless-setuptool.sh', 'dockerd-rootless.sh'];
  t.deepEqual(readdirSync(join(root, 'p/bin')), installed, 'no temporary file is left');
  t.is(readFileSync(join(root, 'p/lib/longshore/manifest'), 'utf8').match(/\/dockerd$/gm)?.length, 1);
  t.is(uninstall('--prefix', join(root, 'p')).code, 0);
  t.false(existsSync(join(root, 'p')));
});

test("a package's file is not replaced, and then nothing is", t => {
  const {root, programs, install, uninstall} = place(t);
  const prefix = join(root, 'p');
  mkdirSync(join(prefix, 'bin'), {recursive: true});
  program(join(prefix, 'bin/docker'), 'echo original');
  program(join(programs, 'dpkg'), `[ "$2" = ${prefix}/bin/docker ] && echo "docker.io: $2"`);
  const refused = install('--prefix', prefix, '--no-systemd');
  t.is(refused.code, 1);
  t.regex(refused.stderr, /p\/bin\/docker belongs to the package docker\.io\n/);
  t.regex(refused.stderr, /nothing was installed; --force replaces these files/);
  t.deepEqual(files(prefix), ['/bin/docker']);
  t.is(install('--prefix', prefix, '--no-systemd', 'ctr').code, 0, 'others are not in the way');
  t.is(install('--prefix', prefix, '--no-systemd', '--force', 'docker').code, 0);
  t.is(spawnSync(join(prefix, 'bin/docker'), {encoding: 'utf8'}).stdout, 'docker 1\n');
  t.is(uninstall('--prefix', prefix).code, 0);
  t.deepEqual(readdirSync(prefix), ['bin'], 'the directory was not made by the installation');
});

test('a file of unknown origin is not replaced either', t => {
  const {root, install} = place(t);
  mkdirSync(join(root, 'p/bin'), {recursive: true});
  writeFileSync(join(root, 'p/bin/ctr'), 'somebody');
  const {code, stderr} = install('--prefix', join(root, 'p'), '--no-systemd', 'ctr');
  t.is(code, 1);
  t.regex(stderr, /ctr exists and was not installed by this program/);
  t.is(readFileSync(join(root, 'p/bin/ctr'), 'utf8'), 'somebody');
});

test('what was changed since stays, unless forced', t => {
  const {root, install, uninstall} = place(t);
  const prefix = ['--prefix', join(root, 'p')];
  t.is(install(...prefix, '--no-systemd', 'ctr', 'docker').code, 0);
  writeFileSync(join(root, 'p/bin/ctr'), 'changed');
  const kept = uninstall(...prefix);
  t.is(kept.code, 1);
  t.regex(kept.stderr, /p\/bin\/ctr was changed since it was installed and is left there/);
  t.deepEqual(readdirSync(join(root, 'p/bin')), ['ctr']);
  t.is(install(...prefix, '--no-systemd', 'ctr').code, 1, 'nor is it replaced');
  t.is(uninstall(...prefix, '--force').code, 0);
  t.false(existsSync(join(root, 'p')));
});

test('an installation that was interrupted can be undone, and done again', t => {
  const {root, from, install, uninstall} = place(t);
  const prefix = ['--prefix', join(root, 'p')];
  t.is(install(...prefix, '--no-systemd', 'ctr').code, 0);
  // Killed between the manifest and the rename: the new checksum is there, the file is still the old one.
  const manifest = join(root, 'p/lib/longshore/manifest');
  writeFileSync(manifest, `${readFileSync(manifest, 'utf8')}ctr\t${'0'.repeat(64)}\t${join(root, 'p/bin/ctr')}\n`);
  writeFileSync(join(root, 'p/bin/.ctr.longshore-abcdef'), 'half');
  program(join(from, 'ctr'), 'echo ctr 2');
  t.is(install(...prefix, '--no-systemd', 'ctr').code, 0);
  t.deepEqual(readdirSync(join(root, 'p/bin')), ['ctr']);
  t.is(uninstall(...prefix).code, 0);
  t.false(existsSync(join(root, 'p')));
});

test('mistakes are told, and change nothing', t => {
  const {root, from, install, uninstall} = place(t);
  const prefix = ['--prefix', join(root, 'p')];
  t.regex(install(...prefix, 'bogus').stderr, /no executable of Longshore has the name "bogus"/);
  t.regex(install(...prefix, '--bogus').stderr, /unknown option: --bogus/);
  t.regex(install('--prefix').stderr, /option --prefix needs a value/);
  t.regex(install('--prefix', 'relative').stderr, /--prefix must be an absolute path/);
  rmSync(join(from, 'docker'));
  t.regex(install(...prefix).stderr, /docker is missing: run "npm run build" first/);
  t.like(install(...prefix, '--dry-run', '--no-systemd', 'ctr'), {
    code: 0,
    stdout: `would install ${root}/p/bin/ctr\n`,
  });
  t.regex(uninstall(...prefix).stderr, /nothing is installed there/);
  t.false(existsSync(join(root, 'p')));
  t.regex(install('--help').stdout, /^usage: tools\/install/);
  t.regex(uninstall('--help').stdout, /^usage: tools\/uninstall/);
});
