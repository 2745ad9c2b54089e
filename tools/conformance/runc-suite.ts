/** A copy of runc's test suite that needs no network: its helpers are built, its images made from this machine's files. */
import {execFileSync} from 'node:child_process';
import {copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';

export interface Suite {
  /** Everything is below it. */
  work: string;
  /** Directory of the .bats files. */
  tests: string;
}

/** `source` is the unpacked source of runc; `work` an empty directory. */
export function prepareSuite(source: string, work: string): Suite {
  const copy = join(work, 'go/src/github.com/opencontainers/runc');
  mkdirSync(dirname(copy), {recursive: true});
  cpSync(source, copy, {recursive: true});
  for (const helper of ['recvtty', 'sd-helper', 'seccompagent']) build(work, join(copy, 'contrib/cmd', helper), helper);
  const tests = join(copy, 'tests/integration');
  const busybox = busyboxImage(work);
  const debian = debianImage(work);
  const images = `#!/bin/sh\necho BUSYBOX_IMAGE=${busybox}\necho DEBIAN_IMAGE=${debian}\n`;
  writeFileSync(join(tests, 'get-images.sh'), images, {mode: 0o755});
  patchHelpers(join(tests, 'helpers.bash'));
  return {work, tests};
}

/** Without modules: Debian's source has no vendor directory, its Go packages are in /usr/share/gocode. */
function build(work: string, directory: string, name: string): void {
  execFileSync('go', ['build', '-tags', 'seccomp', '-o', name, '.'], {
    cwd: directory,
    env: {
      ...process.env,
      GO111MODULE: 'off',
      GOPATH: `${join(work, 'go')}:/usr/share/gocode`,
      GOCACHE: process.env.GOCACHE ?? join(work, 'go-cache'),
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

/** The suite's own parent cgroup is that of this run; where each v1 controller is mounted is asked without gawk. */
function patchHelpers(path: string): void {
  const text = readFileSync(path, 'utf8')
    .replaceAll('/runc-cgroups-integration-test', '/runc-cgroups-integration-test-$LONGSHORE_RUN')
    .replace(/\$\(gawk [^\n]*\)/, () => '$(findmnt -nro TARGET -t cgroup -O "$g" | head -n1)');
  writeFileSync(path, text);
}

const files: Record<string, string> = {
  'etc/passwd':
    'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n',
  'etc/group': 'root:x:0:\ndaemon:x:1:\ntty:x:5:\nnobody:x:65534:\n',
  'etc/shadow': 'root:*:::::::\n',
};
const directories = [
  'bin',
  'dev',
  'etc',
  'home',
  'root',
  'sbin',
  'tmp',
  'usr/bin',
  'usr/sbin',
  'var/spool/mail',
  'var/www',
];

function makeRoot(work: string, name: string): string {
  const root = join(work, 'images', name);
  for (const directory of directories) mkdirSync(join(root, directory), {recursive: true});
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  return root;
}

/** The static busybox with all its programs in /bin, as in the image that the suite downloads. */
function busyboxImage(work: string): string {
  const root = makeRoot(work, 'busybox');
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  const names = execFileSync('/bin/busybox', ['--list'], {encoding: 'utf8'}).trim().split('\n');
  for (const name of names) if (name !== 'busybox') symlinkSync('busybox', join(root, 'bin', name));
  return pack(root);
}

/** What hooks.bats wants of a Debian: a shell, grep and ldconfig with the libraries that they need. */
function debianImage(work: string): string {
  const root = makeRoot(work, 'debian');
  const programs = [
    '/bin/sh',
    '/bin/grep',
    '/bin/cat',
    '/bin/touch',
    '/bin/mount',
    '/sbin/ldconfig',
    '/sbin/ldconfig.real',
  ];
  const wanted = programs.filter(program => existsSync(program));
  for (const path of [...wanted, ...librariesOf(wanted)]) {
    mkdirSync(dirname(join(root, path)), {recursive: true});
    copyFileSync(path, join(root, path));
  }
  return pack(root);
}

/** Paths of the shared objects, as ldd tells; static programs have none. */
function librariesOf(programs: readonly string[]): string[] {
  const libraries = programs.flatMap(program => {
    try {
      const output = execFileSync('ldd', [program], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']});
      return [...output.matchAll(/(\/\S+) \(0x/g)].map(match => match[1]!);
    } catch {
      return []; // not a dynamic executable
    }
  });
  return [...new Set(libraries)];
}

function pack(root: string): string {
  const image = `${root}.tar`;
  execFileSync('tar', ['-C', root, '-cf', image, '.']);
  return image;
}
