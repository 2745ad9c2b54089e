/**
 * The only caller of wait(2). Every child of the shim ends here: runtime processes that it started, the containers'
 * processes that fell to it as subreaper, and orphans of theirs, which are reaped without further notice.
 */
import {exitStatus, realTime, type SpawnOptions, spawnProcess, waitAny} from '@longshore/linux';

export interface ChildExit {
  pid: number;
  /** 0-255, or 128 + signal number. */
  exitStatus: number;
  /** Nanoseconds since 1970. */
  exitedAt: bigint;
}

export class Reaper implements Disposable {
  readonly #watched = new Map<number, (exit: ChildExit) => void>();
  /** Exits of pids that nobody watches, kept while a pid may still become known (see `hold`). */
  readonly #unclaimed = new Map<number, ChildExit>();
  #holds = 0;
  readonly #fileLimit: bigint | undefined;
  readonly #onSignal = () => this.reap();

  /** `fileLimit` is the soft limit of open files that children get; this process's by default. */
  constructor(fileLimit?: bigint) {
    this.#fileLimit = fileLimit;
    process.on('SIGCHLD', this.#onSignal);
  }

  [Symbol.dispose](): void {
    process.off('SIGCHLD', this.#onSignal);
  }

  /** Reaps whatever has ended. Called at every SIGCHLD. */
  reap(): void {
    for (let child = waitAny(); child; child = waitAny()) {
      this.#ended({pid: child.pid, exitStatus: exitStatus(child.status), exitedAt: realTime()});
    }
  }

  /** Starts a child. `exited` never rejects. */
  spawn(options: SpawnOptions): {pid: number; exited: Promise<ChildExit>} {
    const {promise, resolve} = Promise.withResolvers<ChildExit>();
    // No SIGCHLD is handled between these two lines: both run in one turn of the event loop.
    const pid = spawnProcess({...options, fileLimit: this.#fileLimit});
    this.#watched.set(pid, resolve);
    return {pid, exited: promise};
  }

  /** Calls back once, when this process ends, or soon if it did so during a current `hold`. */
  watch(pid: number, onExit: (exit: ChildExit) => void): void {
    const exit = this.#unclaimed.get(pid);
    if (exit) {
      this.#unclaimed.delete(pid);
      queueMicrotask(() => onExit(exit));
    } else this.#watched.set(pid, onExit);
  }

  /**
   * While held, exits of unknown pids are kept: `runc create` leaves a process behind whose pid is read from a file,
   * and which may have ended by then.
   */
  hold(): Disposable {
    this.#holds++;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        if (--this.#holds === 0) this.#unclaimed.clear();
      },
    };
  }

  #ended(exit: ChildExit): void {
    const onExit = this.#watched.get(exit.pid);
    this.#watched.delete(exit.pid);
    if (onExit) onExit(exit);
    else if (this.#holds > 0) this.#unclaimed.set(exit.pid, exit);
  }
}
