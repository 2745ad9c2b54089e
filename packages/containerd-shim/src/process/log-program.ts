/**
 * A logging program (`binary:///path?key=value`): it reads the container's output from descriptors 3 and 4, closes
 * descriptor 5 when it is ready, and knows the container by CONTAINER_ID and CONTAINER_NAMESPACE.
 */
import {closeSync} from 'node:fs';
import {EngineError} from '@longshore/errdefs';
import {kill, openPipeReader, pipe} from '@longshore/linux';
import type {ChildExit} from '../reaper.ts';
import {changeOwner} from './fifo.ts';
import type {StdioOwner} from './stdio.ts';

const readyTimeoutMs = 10_000;
/** Between SIGTERM and SIGKILL. */
const stopTimeoutMs = 12_000;

export class LogProgram {
  /** Writing ends for the process. The caller closes them when the process has its own. */
  readonly stdout: number;
  readonly stderr: number;
  readonly #pid: number;
  /** Resolves when the program has ended: it does so by itself at the end of both streams. */
  readonly ended: Promise<ChildExit>;
  #running = true;

  private constructor(stdout: number, stderr: number, child: {pid: number; exited: Promise<ChildExit>}) {
    this.stdout = stdout;
    this.stderr = stderr;
    this.#pid = child.pid;
    this.ended = child.exited;
    void child.exited.then(() => {
      this.#running = false;
    });
  }

  /** Throws unavailable when the program does not get ready. */
  static async start(target: {path: string; args: readonly string[]}, owner: StdioOwner): Promise<LogProgram> {
    const [out, err, ready] = [pipe(), pipe(), pipe()];
    let program: LogProgram;
    try {
      changeOwner(out.write, owner);
      changeOwner(err.write, owner);
      const child = owner.reaper.spawn({
        path: target.path,
        argv: [target.path, ...target.args],
        env: {...owner.env, CONTAINER_ID: owner.containerId, CONTAINER_NAMESPACE: owner.namespace},
        fds: [-1, -1, -1, out.read, err.read, ready.write],
      });
      program = new LogProgram(out.write, err.write, child);
    } catch (error) {
      for (const fd of [out.write, err.write, ready.read]) closeSync(fd);
      throw error;
    } finally {
      for (const fd of [out.read, err.read, ready.write]) closeSync(fd);
    }
    await program.#waitUntilReady(ready.read, target.path);
    return program;
  }

  async #waitUntilReady(fd: number, path: string): Promise<void> {
    const {promise, resolve, reject} = Promise.withResolvers<void>();
    const reader = openPipeReader(fd, {onData: () => {}, onEnd: resolve});
    const late = () => reject(new EngineError('unavailable', `logging binary "${path}" does not get ready`));
    const timer = setTimeout(late, readyTimeoutMs);
    try {
      await promise;
    } catch (error) {
      closeSync(this.stdout);
      closeSync(this.stderr);
      this.stop();
      throw error;
    } finally {
      clearTimeout(timer);
      reader.close();
    }
  }

  /** Asks the program to end, and makes it end after 12 s. */
  stop(): void {
    if (!this.#running) return;
    this.#signal('SIGTERM');
    const timer = setTimeout(() => this.#signal('SIGKILL'), stopTimeoutMs);
    void this.ended.then(() => clearTimeout(timer));
  }

  #signal(signal: string): void {
    if (this.#running) kill(this.#pid, signal);
  }
}
