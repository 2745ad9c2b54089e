/** Reaps the shims that we started ourselves, so that none stays a zombie. */
import {exitStatus, waitPid} from '@longshore/linux';

export class Reaper implements Disposable {
  readonly #waiting = new Map<number, (status: number) => void>();
  readonly #onSignal = () => this.#reap();

  /** Resolves with the exit status of a child of ours (128 + signal) when it ends. */
  watch(pid: number): Promise<number> {
    const {promise, resolve} = Promise.withResolvers<number>();
    if (this.#waiting.size === 0) process.on('SIGCHLD', this.#onSignal);
    this.#waiting.set(pid, resolve);
    this.#reap(); // it may have ended before we asked
    return promise;
  }

  [Symbol.dispose](): void {
    process.off('SIGCHLD', this.#onSignal);
  }

  /** One signal may stand for several children. Only ours are asked for: others belong to node:child_process. */
  #reap(): void {
    for (const [pid, resolve] of this.#waiting) {
      const child = waitPid(pid);
      if (!child) continue;
      this.#waiting.delete(pid);
      resolve(exitStatus(child.status));
    }
    if (this.#waiting.size === 0) process.off('SIGCHLD', this.#onSignal);
  }
}
