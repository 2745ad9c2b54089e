/** A process that the shim answers for: a container's first one, or one that was exec'd into it. */
import {type Deferred, deferred} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {checkAllowed, type Operation, type ProcessState, transition} from './state.ts';
import type {ProcessIo, StdioUris} from './stdio.ts';

export interface ProcessExit {
  exitStatus: number;
  /** Nanoseconds since 1970. */
  exitedAt: bigint;
}

/** How long a process's output may take to reach the client's FIFOs after its end. */
const drainTimeoutMs = 10_000;

export class ContainerProcess {
  /** The exec id, or the container's id for its first process. */
  readonly id: string;
  readonly execId: string;
  readonly uris: StdioUris;
  /** 0 until the runtime has made it. */
  pid = 0;
  io: ProcessIo | undefined;
  #state: ProcessState = {status: 'created'};
  readonly #exited: Deferred<ProcessExit> = deferred();

  constructor(containerId: string, execId: string, uris: StdioUris) {
    this.id = execId || containerId;
    this.execId = execId;
    this.uris = uris;
  }

  get state(): ProcessState {
    return this.#state;
  }

  /** Resolves when the process has ended and its exit was told. Rejects when it was deleted before it ever ran. */
  get exited(): Promise<ProcessExit> {
    return this.#exited.promise;
  }

  /** Throws the text of containerd's shim if the operation is not for the present state. */
  check(operation: Operation): void {
    checkAllowed(operation, this.#state);
  }

  moveTo(status: 'running' | 'paused'): void {
    this.#state = transition(this.#state, {status});
  }

  markExited(exit: ProcessExit): void {
    this.#state = transition(this.#state, {status: 'stopped', ...exit});
    this.#exited.resolve(exit);
  }

  markDeleted(): ProcessExit | undefined {
    const before = this.#state;
    const exit = before.status === 'stopped' ? before : undefined;
    this.#state = transition(before, {
      status: 'deleted',
      exitStatus: exit?.exitStatus ?? 0,
      exitedAt: exit?.exitedAt,
    });
    this.#exited.reject(new EngineError('not-found', `process ${this.id} was deleted: not found`));
    return exit;
  }

  /** Waits until the output has reached the client's FIFOs, for 10 s at most; false if it has not by then. */
  async drain(): Promise<boolean> {
    if (!this.io) return true;
    const {promise: late, resolve} = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), drainTimeoutMs);
    try {
      return await Promise.race([this.io.drained().then(() => true), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  closeIo(): void {
    this.io?.close();
    this.io = undefined;
  }
}
