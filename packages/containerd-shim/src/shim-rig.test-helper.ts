/** Runs a real shim over the real runc with a busybox root file system, and plays containerd to it. For tests (root). */
import {spawnSync} from 'node:child_process';
import {copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import * as taskEvents from '@longshore/api/gen/containerd/events/task';
import {TaskDefinition} from '@longshore/api/gen/containerd/runtime/task/v3/shim';
import {EventsDefinition} from '@longshore/api/gen/containerd/services/ttrpc/events/v1/events';
import type {Envelope} from '@longshore/api/gen/containerd/types/event';
import {Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {jsonTypeUrl, protobufTypeUrl} from '@longshore/api/type-urls';
import {callContext} from '@longshore/base';
import {
  AT_FDCWD,
  closeFd,
  kill,
  listenUnix,
  mkfifo,
  O_CREAT,
  O_NONBLOCK,
  O_RDONLY,
  O_WRONLY,
  openAt,
  openPipeReader,
  processExists,
  spawnProcess,
  waitPid,
  writeFd,
} from '@longshore/linux';
import {dial, type ServiceClient, type TtrpcClient, TtrpcServer} from '@longshore/ttrpc';
import type {ExecutionContext} from 'ava';

export const namespace = 'test';
const ctx = callContext({namespace});

export interface RigOptions {
  /** Environment besides what containerd sets. */
  env?: Record<string, string>;
  /** Leave containerd's event socket out until `rig.serveEvents()`. */
  withoutEvents?: boolean;
  /** Further descriptors that the shim is given and should not keep. */
  inherit?: number[];
  /** Further flags; with -socket the shim makes its own socket there. */
  flags?: string[];
}

export interface BundleOptions {
  args: string[];
  terminal?: boolean;
  /** Namespaces that the container shares with the host. */
  share?: string[];
  memoryLimit?: number;
  env?: string[];
}

/** One shim, with its directories and its fake containerd. */
export class ShimRig {
  readonly t: ExecutionContext;
  readonly root: string;
  readonly events: Envelope[] = [];
  readonly cgroupParent: string;
  readonly #env: Record<string, string>;
  #server: TtrpcServer | undefined;
  #wake: (() => void)[] = [];
  pid = 0;
  client!: TtrpcClient;
  task!: ServiceClient<typeof TaskDefinition>;

  constructor(t: ExecutionContext, env: Record<string, string>) {
    this.t = t;
    this.root = mkdtempSync(join(tmpdir(), 'shim-'));
    this.cgroupParent = `/ls-shim-${process.pid}-${this.root.slice(-6)}`;
    this.#env = env;
  }

  get ctx() {
    return ctx;
  }

  get eventAddress(): string {
    return join(this.root, 'containerd.sock.ttrpc');
  }

  get socket(): string {
    return join(this.root, 'shim.sock');
  }

  get runtimeRoot(): string {
    return join(this.root, 'runc');
  }

  bundle(id: string): string {
    return join(this.root, 'bundles', id);
  }

  /** containerd comes (back): events are taken from now on. */
  async serveEvents(): Promise<void> {
    rmSync(this.eventAddress, {force: true});
    const listener = createServer();
    this.#server = new TtrpcServer();
    this.#server.register(EventsDefinition, {
      forward: async (_ctx, {envelope}) => {
        this.events.push(envelope as Envelope);
        for (const wake of this.#wake.splice(0)) wake();
        return {};
      },
    });
    this.#server.attach(listener);
    await new Promise<void>(resolve => listener.listen(this.eventAddress, resolve));
  }

  /** containerd dies. */
  stopEvents(): void {
    this.#server?.close();
    this.#server = undefined;
    rmSync(this.eventAddress, {force: true});
  }

  /** Starts the shim as our containerd does: with its socket as descriptor 3, in the bundle of its first container. */
  async launch(id: string, {inherit = [], flags = []}: RigOptions = {}): Promise<void> {
    mkdirSync(this.bundle(id), {recursive: true});
    mkfifo(join(this.bundle(id), 'log'), 0o700);
    const listener = listenUnix(this.socket);
    // A file: a shim that outlives a failed test must not hold the test runner's own.
    const errors = openAt(AT_FDCWD, join(this.root, 'stderr'), O_WRONLY | O_CREAT, 0o600);
    const program = shimProgram();
    this.pid = spawnProcess({
      path: program[0] as string,
      argv: [
        ...program,
        '-namespace',
        namespace,
        '-id',
        id,
        '-address',
        join(this.root, 'containerd.sock'),
        '-debug',
        ...flags,
      ],
      env: this.environment(),
      cwd: this.bundle(id),
      fds: [-1, -1, errors, listener, ...inherit],
      newSession: true,
    });
    closeFd(listener);
    closeFd(errors);
    const own = flags[flags.indexOf('-socket') + 1];
    await this.connect(flags.includes('-socket') && own ? own : this.socket);
  }

  environment(): Record<string, string> {
    return {PATH: process.env.PATH ?? '/usr/sbin:/usr/bin', TTRPC_ADDRESS: this.eventAddress, ...this.#env};
  }

  async connect(path: string): Promise<void> {
    // Its own socket is only there when it serves.
    for (let i = 0; i < 500 && !existsSync(path); i++) await new Promise(resolve => setTimeout(resolve, 10));
    this.client = await dial(path);
    this.task = this.client.service(TaskDefinition);
  }

  /** Writes a bundle whose root file system is the shared busybox tree. */
  makeBundle(id: string, options: BundleOptions): string {
    const bundle = this.bundle(id);
    mkdirSync(bundle, {recursive: true});
    const rootfs = join(this.root, 'rootfs');
    if (!existsSync(rootfs)) makeRootfs(rootfs);
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec(rootfs, `${this.cgroupParent}/${id}`, options)));
    return bundle;
  }

  /** FIFOs as a client makes them; `read` collects one of them until its end. */
  stdio(id: string): Stdio {
    return new Stdio(join(this.root, `${id}-io`));
  }

  async create(id: string, options: BundleOptions, stdio: Partial<StdioPaths> = {}): Promise<number> {
    const value = Options.encode(Options.fromPartial({root: this.runtimeRoot})).finish();
    const {pid} = await this.task.create(ctx, {
      id,
      bundle: this.makeBundle(id, options),
      terminal: options.terminal ?? false,
      ...stdio,
      options: {typeUrl: protobufTypeUrl.runcOptions, value: Buffer.from(value)},
    });
    return pid;
  }

  async exec(id: string, execId: string, args: string[], stdio: Partial<StdioPaths> & {terminal?: boolean} = {}) {
    // Without `terminal`: what counts is the request's.
    const process = {user: {uid: 0, gid: 0}, args, env: ['PATH=/bin'], cwd: '/'};
    const value = Buffer.from(JSON.stringify(process));
    await this.task.exec(ctx, {id, execId, ...stdio, spec: {typeUrl: jsonTypeUrl.process, value}});
  }

  /** Topics so far, with the id of the process where it matters: `/tasks/exit e1`. */
  topics(): string[] {
    return this.events.map(({topic, event}) => {
      if (topic !== '/tasks/exit') return topic;
      return `${topic} ${taskEvents.TaskExit.decode(event?.value ?? Buffer.alloc(0)).id}`;
    });
  }

  /** Waits until the events satisfy the predicate. */
  async until(predicate: (topics: string[]) => boolean, timeoutMs = 10_000): Promise<string[]> {
    const deadline = Date.now() + timeoutMs;
    while (!predicate(this.topics())) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`events so far: ${this.topics().join(', ')}`);
      const {promise, resolve} = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, left);
      this.#wake.push(resolve);
      await promise;
      clearTimeout(timer);
    }
    return this.topics();
  }

  async dispose(): Promise<void> {
    this.client?.close();
    for (const id of this.containerIds())
      spawnSync('runc', ['--root', `${this.runtimeRoot}/${namespace}`, 'delete', '--force', id]);
    if (this.pid !== 0 && processExists(this.pid)) kill(this.pid, 'SIGKILL');
    await this.reaped();
    this.#server?.close();
    for (const controller of [
      '',
      'cpu',
      'cpuacct',
      'cpuset',
      'memory',
      'devices',
      'freezer',
      'blkio',
      'pids',
      'systemd',
      'unified',
    ]) {
      spawnSync('rmdir', [join('/sys/fs/cgroup', controller, this.cgroupParent)]);
    }
    rmSync(this.root, {recursive: true, force: true});
  }

  containerIds(): string[] {
    const list = spawnSync('runc', ['--root', `${this.runtimeRoot}/${namespace}`, 'list', '-q']);
    return list.stdout.toString().split('\n').filter(Boolean);
  }

  /** Waits for the end of the shim, which is our child. */
  async reaped(): Promise<void> {
    while (this.pid !== 0) {
      try {
        if (waitPid(this.pid)) this.pid = 0;
      } catch {
        this.pid = 0;
      }
      if (this.pid !== 0) await new Promise(resolve => setTimeout(resolve, 5));
    }
  }
}

export async function startRig(t: ExecutionContext, options: RigOptions = {}): Promise<ShimRig> {
  const rig = new ShimRig(t, options.env ?? {});
  t.teardown(() => rig.dispose());
  if (!options.withoutEvents) await rig.serveEvents();
  await rig.launch('first', options);
  return rig;
}

/** The compiled shim when LONGSHORE_SHIM names it, else this source under Node. */
export function shimProgram(): string[] {
  const compiled = process.env.LONGSHORE_SHIM;
  return compiled ? [resolve(compiled)] : [process.execPath, join(import.meta.dirname, 'main.ts')];
}

export const isRoot = process.geteuid?.() === 0;

interface StdioPaths {
  stdin: string;
  stdout: string;
  stderr: string;
}

export class Stdio implements StdioPaths {
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;

  constructor(directory: string) {
    mkdirSync(directory, {recursive: true});
    this.stdin = join(directory, 'stdin');
    this.stdout = join(directory, 'stdout');
    this.stderr = join(directory, 'stderr');
    for (const path of [this.stdin, this.stdout, this.stderr]) mkfifo(path, 0o700);
  }

  /** Everything until the end of the stream. Open it before the container is created, as clients do. */
  async read(stream: 'stdout' | 'stderr'): Promise<Buffer> {
    const fd = openAt(AT_FDCWD, this[stream], O_RDONLY | O_NONBLOCK);
    const chunks: Buffer[] = [];
    for await (const chunk of openPipeReader(fd)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async text(stream: 'stdout' | 'stderr' = 'stdout'): Promise<string> {
    return (await this.read(stream)).toString();
  }

  /** A writing end of stdin; the container must exist. */
  openStdin(): {write(text: string): void; close(): void} {
    const fd = openAt(AT_FDCWD, this.stdin, O_WRONLY | O_NONBLOCK);
    return {write: text => void writeFd(fd, Buffer.from(text)), close: () => closeFd(fd)};
  }
}

function makeRootfs(path: string): void {
  for (const directory of ['bin', 'proc', 'dev', 'sys', 'tmp', 'etc'])
    mkdirSync(join(path, directory), {recursive: true});
  copyFileSync('/bin/busybox', join(path, 'bin/busybox'));
  const names = [
    'sh',
    'cat',
    'echo',
    'sleep',
    'true',
    'false',
    'head',
    'yes',
    'stty',
    'dd',
    'kill',
    'tail',
    'seq',
    'wc',
    'ps',
  ];
  for (const name of names) symlinkSync('busybox', join(path, 'bin', name));
}

const capabilities = ['CAP_KILL', 'CAP_SETUID', 'CAP_SETGID', 'CAP_CHOWN', 'CAP_DAC_OVERRIDE'];

function spec(rootfs: string, cgroupsPath: string, options: BundleOptions): object {
  const shared = new Set(options.share ?? []);
  const namespaces = ['pid', 'ipc', 'uts', 'mount', 'network'].filter(name => !shared.has(name));
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: options.terminal ?? false,
      user: {uid: 0, gid: 0},
      args: options.args,
      env: ['PATH=/bin', ...(options.env ?? [])],
      cwd: '/',
      capabilities: {bounding: capabilities, effective: capabilities, permitted: capabilities},
    },
    root: {path: rootfs, readonly: true},
    hostname: 'test',
    mounts: [
      {destination: '/proc', type: 'proc', source: 'proc'},
      {destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=64k']},
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['newinstance', 'ptmxmode=0666', 'mode=0620'],
      },
      {destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['mode=1777']},
    ],
    linux: {
      cgroupsPath,
      namespaces: namespaces.map(type => ({type})),
      resources: options.memoryLimit ? {memory: {limit: options.memoryLimit}} : {},
    },
  };
}
