/**
 * Standard error of a process with a FIFO as its target. A runtime that fails prints its error there too, on the very
 * descriptor that the process would get, and a client must not take that for output of the container. So the process
 * writes to a pipe, and from the moment that it exists the kernel moves what is in the pipe into the client's FIFO.
 */
import {closeSync} from 'node:fs';
import {pipe, setNonblock} from '@longshore/linux';
import {FdPump} from './fd-pump.ts';
import {changeOwner, type FifoOwner, openOutputFifo} from './fifo.ts';

export class ErrorRelay {
  /** Writing end for the process; the caller closes it. */
  readonly child: number;
  readonly #from: number;
  readonly #to: number;
  #kept: number;
  #pump: FdPump | undefined;

  constructor(path: string, owner: FifoOwner) {
    const fifo = openOutputFifo(path, owner);
    this.#kept = fifo.kept;
    this.#to = fifo.child;
    setNonblock(this.#to);
    const {read, write} = pipe();
    this.#from = read;
    this.child = write;
    changeOwner(write, owner);
  }

  /** The process exists: its output is the client's. */
  start(): void {
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
    if (!this.#pump) this.#closeEnds();
  }

  #closeEnds(): void {
    closeSync(this.#from);
    closeSync(this.#to);
  }
}
