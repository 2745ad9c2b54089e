/** Keeps a containerd of our own running: starts or adopts it, checks its health, restarts it, stops it last. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFile, rm, writeFile} from 'node:fs/promises';
import {
  backoff,
  callContext,
  fileLimitVariable,
  type Logger,
  originalFileLimit,
  sleep,
  withTimeout,
} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import {EngineError, messageOf} from '@longshore/errdefs';
import {kill, processExists, readKernelFileIfExists, withFileLimit} from '@longshore/linux';
import type {ManagedContainerd} from './configuration.ts';

export interface SupervisorOptions extends ManagedContainerd {
  /** Path of the executable. */
  executable: string;
  /** Environment of containerd; NOTIFY_SOCKET must not be in it. */
  env: Record<string, string>;
  debug: boolean;
  client: ContainerdClient;
  log: Logger;
}

/** Asked for at once: later the parent may be another. */
const fileLimit = originalFileLimit();
const startTimeoutMs = 15_000;
const stopTimeoutMs = 15_000;
/** An idle daemon wakes once a second and no more; a death is seen at once, this is for one that hangs. */
const healthIntervalMs = 1_000;
const healthTimeoutMs = 3_000;
/** A containerd that misses this many checks in a row is killed. */
const maximumMisses = 3;
const restartDelay = {initial: 100, max: 10_000};

export class ContainerdSupervisor {
  readonly #options: SupervisorOptions;
  readonly #stopping = new AbortController();
  #pid = 0;
  #died: () => void = () => {};
  #monitor: Promise<void> = Promise.resolve();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  get pid(): number {
    return this.#pid;
  }

  /** Resolves when containerd serves. Adopts one that an earlier dockerd left. Throws after 15 s. */
  async start(): Promise<void> {
    const adopted = await this.#findRunning();
    if (adopted) this.#options.log.info({pid: adopted}, 'found a running containerd of an earlier start');
    this.#pid = adopted ?? (await this.#spawn());
    if (!(await this.#becomesHealthy())) {
      if (!processExists(this.#pid)) await this.#failStart('it ended at once');
      await this.#failStart(`it did not answer within ${startTimeoutMs / 1000} s`);
    }
    this.#monitor = this.#watch();
  }

  /** SIGTERM, 15 s, SIGKILL. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#monitor;
    if (this.#pid === 0 || !this.#isOurs(this.#pid)) return;
    kill(this.#pid, 'TERM');
    if (!(await this.#isGoneWithin(stopTimeoutMs))) {
      this.#options.log.warn({pid: this.#pid}, 'containerd does not stop: killing it');
      this.#killNow();
      await this.#isGoneWithin(2_000);
    }
    await rm(this.#options.pidFile, {force: true});
  }

  async #spawn(): Promise<number> {
    const {executable, configFile, debug, env, pidFile, log} = this.#options;
    const argv = ['--config', configFile, ...(debug ? ['--log-level', 'debug'] : [])];
    // Its own session: a Ctrl-C in the terminal must reach dockerd alone, which stops containerd last.
    const itsEnv = {...env, [fileLimitVariable]: fileLimit?.toString()};
    const child = withFileLimit(fileLimit, () =>
      spawn(executable, argv, {env: itsEnv, detached: true, stdio: ['ignore', 2, 2]}),
    );
    child.once('exit', () => this.#died());
    await once(child, 'spawn');
    child.unref();
    const pid = child.pid as number;
    await writeFile(pidFile, String(pid), {mode: 0o644});
    log.info({pid, executable}, 'started containerd');
    return pid;
  }

  async #findRunning(): Promise<number | undefined> {
    const text = await readFile(this.#options.pidFile, 'utf8').catch(() => '');
    const pid = Number.parseInt(text, 10);
    return pid > 0 && this.#isOurs(pid) ? pid : undefined;
  }

  /** A pid file may name a process that took the number over: only one that runs with our configuration counts. */
  #isOurs(pid: number): boolean {
    if (!processExists(pid)) return false;
    const words = readKernelFileIfExists(`/proc/${pid}/cmdline`)?.split('\0') ?? [];
    return words.includes(this.#options.configFile);
  }

  async #becomesHealthy(): Promise<boolean> {
    for (const end = Date.now() + startTimeoutMs; Date.now() < end; ) {
      if (await this.#isHealthy()) return true;
      if (!processExists(this.#pid) || this.#stopping.signal.aborted) return false;
      await sleep(5);
    }
    return false;
  }

  async #isHealthy(): Promise<boolean> {
    try {
      const ctx = withTimeout(callContext({log: this.#options.log}), healthTimeoutMs);
      return (await this.#options.client.health.check(ctx, {})).status === 1;
    } catch {
      return false; // not up yet, or hanging: the caller counts
    }
  }

  async #watch(): Promise<void> {
    let misses = 0;
    let restarts = 0;
    while (await this.#pauseUntilCheck()) {
      const alive = processExists(this.#pid);
      if (alive && (await this.#isHealthy())) {
        misses = restarts = 0;
        continue;
      }
      misses++;
      if (alive && misses < maximumMisses) continue;
      this.#options.log.error(
        {pid: this.#pid, alive},
        alive ? 'containerd hangs: restarting it' : 'containerd died: restarting it',
      );
      if (alive) this.#killNow();
      if (restarts > 0 && !(await this.#pause(backoff(restarts - 1, restartDelay)))) return;
      restarts++;
      misses = 0;
      await this.#restart();
    }
  }

  async #restart(): Promise<void> {
    try {
      await this.#isGoneWithin(1_000);
      this.#pid = await this.#spawn();
      await this.#becomesHealthy();
    } catch (error) {
      this.#options.log.error({error}, 'cannot restart containerd');
    }
  }

  #killNow(): void {
    if (processExists(this.#pid)) kill(this.#pid, 'KILL');
  }

  async #isGoneWithin(milliseconds: number): Promise<boolean> {
    for (const end = Date.now() + milliseconds; Date.now() < end; ) {
      if (!processExists(this.#pid)) return true;
      await sleep(10);
    }
    return !processExists(this.#pid);
  }

  async #failStart(why: string): Promise<never> {
    this.#killNow();
    throw new EngineError('unavailable', `failed to start containerd (${this.#options.executable}): ${why}`);
  }

  /** Until the next check is due, or containerd is seen to die. False when the supervisor was stopped. */
  async #pauseUntilCheck(): Promise<boolean> {
    const died = new Promise<boolean>(resolve => {
      this.#died = () => resolve(true);
    });
    return Promise.race([died, this.#pause(healthIntervalMs)]);
  }

  /** False when the supervisor was stopped meanwhile. */
  async #pause(milliseconds: number): Promise<boolean> {
    return sleep(milliseconds, this.#stopping.signal).then(
      () => true,
      () => false,
    );
  }
}

/** Throws when no containerd answers at `client`'s address: for one that somebody else runs. */
export async function requireContainerd(client: ContainerdClient, log: Logger): Promise<void> {
  for (const end = Date.now() + startTimeoutMs; ; ) {
    try {
      await client.version.version(withTimeout(callContext({log}), healthTimeoutMs), {});
      return;
    } catch (error) {
      if (Date.now() > end) {
        throw new EngineError('unavailable', `failed to connect to containerd: ${messageOf(error)}`, {cause: error});
      }
    }
    await sleep(100);
  }
}
