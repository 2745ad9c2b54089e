/**
 * Streams of a process that go through a pipe of the shim's: the kernel moves what is in the pipe to or from the
 * client's FIFO. For standard error always: a runtime that fails prints its error there, on the very descriptor that
 * the process would get, and a client must not take that for output of the container. So nothing is moved before the
 * process exists; but a runtime must not have to wait either because its error is longer than a pipe. For the others where there is CRIU, which can save a process with a pipe, and none with a FIFO from
 * outside of its container.
 */
import {closeSync} from 'node:fs';
import {isErrno, pipe, setNonblock, setPipeSize} from '@longshore/linux';
import {FdPump} from './fd-pump.ts';
import {changeOwner, type FifoOwner, openInputFifo, openOutputFifo} from './fifo.ts';

/** Where the process may print before `start`, there is room for an error of the runtime that quotes its arguments. */
const roomyPipe = 1024 * 1024;
const usualPipe = 64 * 1024;

export interface OutputOwner extends FifoOwner {
  /** See StdioOwner. */
  startsLater: boolean;
}

export class OutputRelay {
  /** Writing end for the process; the caller closes it. */
  readonly child: number;
  readonly #from: number;
  readonly #to: number;
  #kept: number;
  #pump: FdPump | undefined;
  /** Throws away what the runtime prints. */
  #discard: FdPump | undefined;

  constructor(path: string, owner: OutputOwner) {
    const fifo = openOutputFifo(path, owner);
    this.#kept = fifo.kept;
    this.#to = fifo.child;
    setNonblock(this.#to);
    const {read, write} = pipe();
    this.#from = read;
    this.child = write;
    changeOwner(write, owner);
    if (owner.startsLater) this.#discard = new FdPump({from: read, to: -1, onEnd: () => {}});
    else resize(read, roomyPipe);
  }

  /** The process exists: its output is the client's. */
  start(): void {
    void this.#discard?.drained(); // reads what is there before it returns
    if (this.#discard) this.#stopDiscarding();
    else resize(this.#from, usualPipe);
    this.#pump = new FdPump({from: this.#from, to: this.#to, splice: true, onEnd: () => this.#closeEnds()});
  }

  /** Resolves when all that was written so far is in the FIFO. */
  async drained(): Promise<void> {
    await this.#pump?.drained();
  }

  /**
   * Gives up the FIFO's reading end. What a process left behind still prints goes on to a client that still reads; for
   * want of one the relay ends by itself (EPIPE).
   */
  close(): void {
    if (this.#kept >= 0) closeSync(this.#kept);
    this.#kept = -1;
    this.#stopDiscarding();
    if (!this.#pump) this.#closeEnds();
  }

  #stopDiscarding(): void {
    this.#discard?.[Symbol.dispose]();
    this.#discard = undefined;
  }

  #closeEnds(): void {
    closeSync(this.#from);
    closeSync(this.#to);
  }
}

/** As well as may be: an ordinary user has a budget of pipes (EPERM), and what is in a pipe stays there (EBUSY). */
function resize(fd: number, size: number): void {
  try {
    setPipeSize(fd, size);
  } catch (error) {
    if (!isErrno(error, 'EPERM', 'EBUSY')) throw error;
  }
}

export class InputRelay {
  /** Reading end for the process; the caller closes it. */
  readonly child: number;
  readonly #from: number;
  readonly #to: number;
  #kept: number;
  #pump: FdPump | undefined;
  #open = true;

  constructor(path: string, owner: FifoOwner) {
    const fifo = openInputFifo(path, owner);
    this.#kept = fifo.kept;
    this.#from = fifo.child;
    setNonblock(this.#from);
    const {read, write} = pipe();
    this.child = read;
    this.#to = write;
    changeOwner(read, owner);
  }

  start(): void {
    this.#pump = new FdPump({from: this.#from, to: this.#to, splice: true, onEnd: () => this.#closeEnds()});
  }

  /** The client is done: the process reads the end once the client has closed its side too. */
  closeKept(): void {
    if (this.#kept >= 0) closeSync(this.#kept);
    this.#kept = -1;
  }

  close(): void {
    this.closeKept();
    this.#pump?.[Symbol.dispose]();
    this.#closeEnds();
  }

  #closeEnds(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#from);
    closeSync(this.#to);
  }
}
