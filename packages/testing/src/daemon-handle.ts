import {readFileSync} from 'node:fs';
import {poll} from './poll.ts';
import {readProcess} from './process-tree.ts';
import type {Sandbox, SandboxProcess} from './sandbox.ts';

export interface DaemonOptions {
  name: string;
  argv: string[];
  env: Record<string, string>;
  /** Path of its socket: it is ready when `isReady` says so. */
  socket: string;
  log: string;
  isReady: () => Promise<boolean>;
}

/** A daemon that the harness starts itself: it can be killed, stopped and started again in the same sandbox. */
export class DaemonHandle {
  readonly name: string;
  readonly socket: string;
  readonly #sandbox: Sandbox;
  readonly #options: DaemonOptions;
  #process: SandboxProcess | undefined;

  constructor(sandbox: Sandbox, options: DaemonOptions) {
    this.#sandbox = sandbox;
    this.#options = options;
    this.name = options.name;
    this.socket = options.socket;
  }

  /** Throws when it is not running. */
  get pid(): number {
    if (!this.#process) throw new Error(`${this.name} is not running`);
    return this.#process.pid;
  }

  get running(): boolean {
    return this.#process !== undefined;
  }

  /** All that it wrote to standard output and standard error, over all its starts. */
  log(): string {
    return readFileSync(this.#options.log, 'utf8');
  }

  /** Starts it and waits until it serves; its log's end is in the error when it does not. */
  async start(): Promise<void> {
    const {argv, env, log, isReady} = this.#options;
    const started = await this.#sandbox.spawn(argv, {env, log});
    this.#process = started;
    let status: number | undefined;
    void started.exited.then(code => {
      status = code;
      if (this.#process === started) this.#process = undefined;
    });
    const ready = async () => status !== undefined || (await isReady());
    try {
      await poll(ready, {timeout: 20_000, interval: 5, what: `${this.name} to serve`});
    } catch (error) {
      throw new Error(`${this.name} did not get ready\n${this.logTail()}`, {cause: error});
    }
    if (status !== undefined) throw new Error(`${this.name} ended with code ${status} at its start\n${this.logTail()}`);
  }

  /** Sends a signal and waits for the end; returns the exit status. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number> {
    const running = this.#process;
    if (!running) throw new Error(`${this.name} is not running`);
    await this.#sandbox.kill(running.pid, signal);
    const status = await running.exited;
    this.#process = undefined;
    return status;
  }

  /** Ends it as an administrator would: SIGTERM, and SIGKILL when it has not gone after 20 s. */
  async stop(): Promise<number | undefined> {
    const running = this.#process;
    if (!running) return undefined;
    await this.#sandbox.kill(running.pid, 'SIGTERM');
    const late = AbortSignal.timeout(20_000);
    const timeout = new Promise<undefined>(resolve => late.addEventListener('abort', () => resolve(undefined)));
    const status = await Promise.race([running.exited, timeout]);
    if (status === undefined) {
      await this.kill();
      throw new Error(`${this.name} did not stop within 20 s of SIGTERM\n${this.logTail()}`);
    }
    this.#process = undefined;
    return status;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  logTail(lines = 40): string {
    return this.log().split('\n').slice(-lines).join('\n');
  }
}

/** Pid in a pid file whose process is alive; undefined otherwise. */
export function pidFromFile(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8').trim());
    const state = readProcess(pid)?.state;
    return state && state !== 'Z' ? pid : undefined;
  } catch {
    return undefined;
  }
}
