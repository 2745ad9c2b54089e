import {listeningSockets, readProcess} from './process-tree.ts';
import type {Sandbox} from './sandbox.ts';

/** A process of an engine that somebody else started: containerd under dockerd, a shim. */
export class ProcessHandle {
  readonly pid: number;
  readonly #sandbox: Sandbox;

  constructor(sandbox: Sandbox, pid: number) {
    this.#sandbox = sandbox;
    this.pid = pid;
  }

  /** Unix sockets that it listens on. */
  get sockets(): {fd: number; path: string}[] {
    return listeningSockets(this.pid);
  }

  /** False for a zombie, too. */
  get running(): boolean {
    return (readProcess(this.pid)?.state ?? 'Z') !== 'Z';
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#sandbox.kill(this.pid, signal);
  }
}
