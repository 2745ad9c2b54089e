/** For tests: a mount and network namespace with its own directory and cgroup, in which real runtimes work. */
import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import type {Spec} from '@longshore/api/oci';
import {setChildSubreaper} from '@longshore/linux';
import {exampleSpec} from '../example-spec.ts';
import {type SpawnRuntime, spawnAndWait} from '../spawn.ts';

const busybox = '/bin/busybox';

/** Why these tests cannot run here; undefined if they can. */
export function missing(...programs: string[]): string | undefined {
  if (process.geteuid!() !== 0) return 'needs root';
  return ['/usr/bin/unshare', busybox, ...programs].find(path => !existsSync(path));
}

/** The program under test: the source on Node, or the executable that RUNC_WRAPPER names. */
export const wrapper = process.env.RUNC_WRAPPER
  ? [process.env.RUNC_WRAPPER]
  : [process.execPath, join(import.meta.dirname, '../main.ts')];

export class RuntimeSandbox {
  readonly directory: string;
  readonly #holder: ChildProcess;
  readonly #cgroup: string;
  #bundles = 0;

  constructor(directory: string, holder: ChildProcess, cgroup: string) {
    this.directory = directory;
    this.#holder = holder;
    this.#cgroup = cgroup;
  }

  /** `withoutUnified` hides the v2 hierarchy of a hybrid host, which crun 1.8 refuses. */
  static async open(
    t: {teardown(fn: () => void): void},
    options: {withoutUnified?: boolean} = {},
  ): Promise<RuntimeSandbox> {
    setChildSubreaper(); // containers are ours to reap, as they are a shim's
    const directory = mkdtempSync('/tmp/lsrw-');
    const script = `${options.withoutUnified ? 'umount /sys/fs/cgroup/unified 2>/dev/null;' : ''} echo up; exec sleep 1000`;
    const args = ['-m', '-n', '--propagation', 'private', 'sh', '-c', script];
    const holder = spawn('unshare', args, {stdio: ['ignore', 'pipe', 'inherit']});
    await once(holder.stdout, 'data');
    const sandbox = new RuntimeSandbox(directory, holder, `ls-rw-${process.pid}-${holder.pid}`);
    t.teardown(() => sandbox.#close());
    return sandbox;
  }

  get root(): string {
    return join(this.directory, 'root');
  }

  /** A bundle whose process runs `args`; `change` edits its config.json. */
  bundle(args: string[], change: (spec: Spec) => void = () => {}): string {
    const bundle = join(this.directory, `bundle-${++this.#bundles}`);
    for (const name of ['bin', 'dev', 'proc', 'sys', 'tmp']) mkdirSync(join(bundle, 'rootfs', name), {recursive: true});
    copyFileSync(busybox, join(bundle, 'rootfs/bin/busybox'));
    for (const applet of ['cat', 'echo', 'false', 'sh', 'sleep', 'true'])
      symlinkSync('busybox', join(bundle, 'rootfs/bin', applet));
    const spec = exampleSpec();
    spec.ociVersion = '1.0.2'; // all that crun 1.8 accepts
    spec.process = {...spec.process!, terminal: false, args, env: ['PATH=/bin']};
    spec.root!.readonly = false;
    spec.linux!.cgroupsPath = `/${this.#cgroup}/${this.#bundles}`;
    // Without its own network the loopback need not be set up, and one cgroup less is mounted.
    spec.linux!.namespaces = spec.linux!.namespaces!.filter(({type}) => type !== 'network');
    change(spec);
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
    return bundle;
  }

  /** Runs a program in the sandbox to its end; the container that it may leave behind has no stdio of ours. */
  run(args: string[], options: {cwd?: string; input?: string} = {}) {
    const files = [join(this.directory, 'out'), join(this.directory, 'err')];
    const script = `exec "$@" >${files[0]} 2>${files[1]} ${options.input === undefined ? '</dev/null' : ''}`;
    const {status} = spawnSync('nsenter', [...this.#enter(options.cwd), 'sh', '-c', script, 'sh', ...args], {
      input: options.input,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'ignore', 'inherit'],
    });
    return {code: status, stdout: readFileSync(files[0]!, 'utf8'), stderr: readFileSync(files[1]!, 'utf8')};
  }

  /** For RuncRuntime: the runtime runs in the sandbox, the library outside. */
  get spawn(): SpawnRuntime {
    return invocation => {
      const argv = ['nsenter', ...this.#enter(invocation.cwd), invocation.path, ...invocation.argv.slice(1)];
      return spawnAndWait({...invocation, path: 'nsenter', argv});
    };
  }

  #enter(cwd = this.directory): string[] {
    return ['-t', String(this.#holder.pid), '-m', '-n', `--wd=${cwd}`, '--'];
  }

  #close(): void {
    for (const directory of cgroupsNamed(this.#cgroup)) removeCgroup(directory);
    this.#holder.kill('SIGKILL');
    rmSync(this.directory, {recursive: true, force: true});
  }
}

function cgroupsNamed(name: string): string[] {
  const hierarchies = readdirSync('/sys/fs/cgroup', {withFileTypes: true}).filter(entry => entry.isDirectory());
  return [`/sys/fs/cgroup/${name}`, ...hierarchies.map(entry => `/sys/fs/cgroup/${entry.name}/${name}`)].filter(
    existsSync,
  );
}

/** Throws when a test left a process in it. */
function removeCgroup(directory: string): void {
  for (const entry of readdirSync(directory, {withFileTypes: true}))
    if (entry.isDirectory()) removeCgroup(join(directory, entry.name));
  rmdirSync(directory);
}
