/** One containerd process after the other: started, adopted, signalled, known by its pid file. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFile, rm, writeFile} from 'node:fs/promises';
import net from 'node:net';
import {type Logger, sleep} from '@longshore/base';
import {kill, processExists, readKernelFileIfExists} from '@longshore/linux';
import type {ManagedContainerd} from './configuration.ts';

export interface ContainerdProcessOptions extends ManagedContainerd {
  /** Path of the executable. */
  executable: string;
  /** Environment of containerd; NOTIFY_SOCKET must not be in it. */
  env: Record<string, string>;
  debug: boolean;
  log: Logger;
}

export class ContainerdProcess {
  readonly #options: ContainerdProcessOptions;
  #pid = 0;
  #died = Promise.withResolvers<true>();

  constructor(options: ContainerdProcessOptions) {
    this.#options = options;
  }

  get pid(): number {
    return this.#pid;
  }

  get executable(): string {
    return this.#options.executable;
  }

  get isAlive(): boolean {
    return processExists(this.#pid);
  }

  /** Resolves when a process that was started here ends; one that was adopted has to be looked at. */
  died(): Promise<true> {
    return this.#died.promise;
  }

  async spawn(): Promise<void> {
    const {executable, configFile, debug, env, pidFile, log} = this.#options;
    const argv = ['--config', configFile, ...(debug ? ['--log-level', 'debug'] : [])];
    const died = Promise.withResolvers<true>();
    this.#died = died;
    // Its own session: a Ctrl-C in the terminal must reach dockerd alone, which stops containerd last.
    const child = spawn(executable, argv, {env, detached: true, stdio: ['ignore', 2, 2]});
    child.once('exit', () => died.resolve(true));
    await once(child, 'spawn');
    child.unref();
    this.#pid = child.pid as number;
    await writeFile(pidFile, String(this.#pid), {mode: 0o644});
    log.info({pid: this.#pid, executable}, 'started containerd');
  }

  /** Takes over the one that the pid file names, if it runs with our configuration. */
  async adopt(): Promise<boolean> {
    const text = await readFile(this.#options.pidFile, 'utf8').catch(() => '');
    const pid = Number.parseInt(text, 10);
    if (!(pid > 0 && this.#isOurs(pid))) return false;
    this.#pid = pid;
    return true;
  }

  /**
   * Its main thread waits for events, as far as the kernel shows: it is neither stopped nor busy nor stuck in a call.
   * Looking wakes nobody, unlike asking. False where the kernel does not tell.
   */
  get isWaiting(): boolean {
    const place = readKernelFileIfExists(`/proc/${this.#pid}/wchan`) ?? '';
    return this.#state === 'S' && /ep_poll|epoll_wait/.test(place);
  }

  /** By a signal or a debugger: it answers nobody. */
  get isStopped(): boolean {
    return /^t$/i.test(this.#state);
  }

  /** R, S, D, T …; empty when it is gone. The name before it may have spaces and parentheses. */
  get #state(): string {
    const stat = readKernelFileIfExists(`/proc/${this.#pid}/stat`) ?? '';
    return stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '';
  }

  /** Whether somebody listens at its socket. */
  async takesConnections(): Promise<boolean> {
    const socket = net.connect({path: this.#options.address});
    const {promise, resolve} = Promise.withResolvers<boolean>();
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    const connected = await promise;
    socket.destroy();
    return connected;
  }

  kill(signal: NodeJS.Signals | 'KILL'): void {
    if (this.#pid > 0 && this.isAlive) kill(this.#pid, signal);
  }

  /** SIGTERM, then SIGKILL after `milliseconds`; the pid file goes too. */
  async stop(milliseconds: number): Promise<void> {
    if (this.#pid === 0 || !this.#isOurs(this.#pid)) return;
    kill(this.#pid, 'TERM');
    if (!(await this.isGoneWithin(milliseconds))) {
      this.#options.log.warn({pid: this.#pid}, 'containerd does not stop: killing it');
      this.kill('KILL');
      await this.isGoneWithin(2_000);
    }
    await rm(this.#options.pidFile, {force: true});
  }

  async isGoneWithin(milliseconds: number): Promise<boolean> {
    for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(10)) if (!this.isAlive) return true;
    return !this.isAlive;
  }

  /** A pid file may name a process that took the number over: only one that runs with our configuration counts. */
  #isOurs(pid: number): boolean {
    if (!processExists(pid)) return false;
    const words = readKernelFileIfExists(`/proc/${pid}/cmdline`)?.split('\0') ?? [];
    return words.includes(this.#options.configFile);
  }
}
