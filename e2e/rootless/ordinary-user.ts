/**
 * An ordinary user with subordinate ids, on a machine of their own: the files of /etc that name them are bound over the
 * real ones in a private mount namespace, so that nobody else ever sees them.
 */
import {existsSync} from 'node:fs';
import {appendFile, chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {EngineApi, longshoreExecutables, poll, Sandbox, type SandboxProcess} from '@longshore/testing';

const uid = 23_456;
const name = 'lsrootless';
/** Of whom the user's containers may be, but for root, which is the user. */
const subordinate = {first: 2_000_000, count: 65_536};
const root = resolve(import.meta.dirname, '../..');
const commandTimeoutMs = 60_000;

export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

export class OrdinaryUser implements AsyncDisposable {
  readonly uid = uid;
  readonly directory: string;
  readonly api: EngineApi;
  readonly #sandbox: Sandbox;
  #daemon: SandboxProcess | undefined;

  private constructor(directory: string, sandbox: Sandbox) {
    this.directory = directory;
    this.#sandbox = sandbox;
    this.api = new EngineApi(this.socket);
  }

  static async make(): Promise<OrdinaryUser> {
    const directory = await mkdtemp(join(tmpdir(), 'ls-user-'));
    const user = new OrdinaryUser(directory, await Sandbox.start());
    try {
      await chmod(directory, 0o755);
      for (const each of ['etc', 'home', 'run', 'bin', 'dev']) await mkdir(join(directory, each));
      await writeEtc(join(directory, 'etc'), join(directory, 'home'));
      await user.#settle();
      return user;
    } catch (error) {
      await user[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Gone with all that is theirs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sandbox[Symbol.asyncDispose]();
    await rm(this.directory, {recursive: true, force: true, maxRetries: 5});
  }

  get home(): string {
    return join(this.directory, 'home');
  }

  /** Their XDG_RUNTIME_DIR. */
  get run(): string {
    return join(this.directory, 'run');
  }

  get socket(): string {
    return join(this.run, 'docker.sock');
  }

  get log(): string {
    return join(this.directory, 'daemon.log');
  }

  /** A command of theirs, in the namespaces of their machine. */
  async sh(command: string): Promise<Output> {
    return this.#run([...this.#become(), 'sh', '-c', command]);
  }

  /** What the client writes; throws when it fails. */
  async docker(...args: string[]): Promise<string> {
    const {code, stdout, stderr} = await this.#run([...this.#become(), 'docker', ...args]);
    if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr || stdout}`);
    return stdout;
  }

  /** A command of root's, outside of the user's namespaces: what other programs of the machine see. */
  async outside(command: string): Promise<Output> {
    return this.#run(['sh', '-c', command]);
  }

  /** A daemon of root's, outside. */
  async serve(argv: string[]): Promise<void> {
    await this.#sandbox.spawn(argv, {env: {PATH: process.env.PATH ?? ''}, log: join(this.directory, 'served.log')});
  }

  /** Starts the daemon by its launcher, and waits until it answers. */
  async startDaemon(...args: string[]): Promise<void> {
    const argv = [...this.#become(), 'dockerd-rootless.sh', ...args];
    const daemon = await this.#sandbox.spawn(['/usr/bin/env', ...argv], {env: this.#env(), log: this.log});
    this.#daemon = daemon;
    let ended: number | undefined;
    daemon.exited.then(code => {
      ended = code;
    });
    const answers = async () => {
      if (ended !== undefined) return true;
      return (await this.api.send('/_ping')).status === 200;
    };
    await poll(answers, {timeout: 60_000, what: 'the daemon to answer'});
    if (ended !== undefined) throw new Error(`the daemon ended with ${ended}: ${await readFile(this.log, 'utf8')}`);
  }

  /** As `systemctl --user stop` does; resolves to the exit code. */
  async stopDaemon(): Promise<number> {
    const daemon = this.#daemon;
    if (!daemon) throw new Error('the daemon was not started');
    await this.#sandbox.kill(daemon.pid, 'SIGTERM');
    return await daemon.exited;
  }

  /** Command lines of what runs on the machine. */
  async processes(): Promise<string[]> {
    return (await this.#sandbox.survey()).processes.map(({command}) => command);
  }

  /** Their ids, the devices that udev would open to all, and executables, wherever those are. */
  async #settle(): Promise<void> {
    const {path: executables} = longshoreExecutables();
    const at = (...names: string[]) => join(this.directory, ...names);
    const script = [
      ...['passwd', 'group', 'subuid', 'subgid'].map(file => `mount --bind ${at('etc', file)} /etc/${file}`),
      `mount -t tmpfs -o mode=755 devices ${at('dev')}`,
      `mknod -m 666 ${at('dev/tun')} c 10 200`,
      `mount --bind ${at('dev/tun')} /dev/net/tun`,
      `mkdir ${at('dev/bin')} ${at('dev/scripts')}`,
      // The clone may be where others may not look.
      `mount --bind ${executables} ${at('dev/bin')}`,
      `cp ${join(root, 'tools/rootless')}/*.sh ${at('bin')}`,
      `for name in ${executables}/*; do ln -s ${at('dev/bin')}/$(basename $name) ${at('bin')}; done`,
      `chown -R ${uid}:${uid} ${at('home')} ${at('run')}`,
      `chmod 700 ${at('run')}`,
    ];
    const {code, stderr} = await this.outside(`set -e\n${script.join('\n')}`);
    if (code !== 0) throw new Error(`cannot make a machine for an ordinary user: ${stderr}`);
  }

  #env(): Record<string, string> {
    const path = `${join(this.directory, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`;
    return {
      PATH: path,
      HOME: this.home,
      USER: name,
      XDG_RUNTIME_DIR: this.run,
      // The registry of the tests is on the loopback of the host, which is 10.0.2.2 inside.
      DOCKERD_ROOTLESS_ROOTLESSKIT_DISABLE_HOST_LOOPBACK: 'false',
      DOCKER_HOST: `unix://${this.socket}`,
    };
  }

  #become(): string[] {
    const ids = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--inh-caps=-all'];
    const env = Object.entries(this.#env()).map(([key, value]) => `${key}=${value}`);
    return ['setpriv', ...ids, '--', 'env', '-i', ...env];
  }

  async #run(argv: string[]): Promise<Output> {
    const {exitCode, stdout, stderr} = await this.#sandbox.run(argv, {timeout: commandTimeoutMs, cwd: '/'});
    return {code: exitCode ?? 255, stdout: String(stdout ?? ''), stderr: String(stderr ?? '')};
  }
}

/** Why this machine cannot have a rootless engine; undefined when it can. Missing programs are no reason. */
export async function whyNot(): Promise<string | undefined> {
  const setting = async (path: string) => (existsSync(path) ? (await readFile(path, 'utf8')).trim() : undefined);
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun';
  if ((await setting('/proc/sys/user/max_user_namespaces')) === '0') return 'user.max_user_namespaces is 0';
  if ((await setting('/proc/sys/kernel/unprivileged_userns_clone')) === '0') {
    return 'kernel.unprivileged_userns_clone is 0';
  }
  if ((await setting('/proc/sys/kernel/apparmor_restrict_unprivileged_userns')) === '1') {
    return 'kernel.apparmor_restrict_unprivileged_userns is 1';
  }
  return undefined;
}

async function writeEtc(etc: string, home: string): Promise<void> {
  for (const file of ['passwd', 'group']) await copyFile(join('/etc', file), join(etc, file));
  await appendFile(join(etc, 'passwd'), `${name}:x:${uid}:${uid}::${home}:/bin/sh\n`);
  await appendFile(join(etc, 'group'), `${name}:x:${uid}:\n`);
  const ids = `${name}:${subordinate.first}:${subordinate.count}\n`;
  await writeFile(join(etc, 'subuid'), ids);
  await writeFile(join(etc, 'subgid'), ids);
}
