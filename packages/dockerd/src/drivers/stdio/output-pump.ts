/** Moves one output stream of a container from its FIFO to those who want it, as fast as the slowest allows. */
import {constants, openSync} from 'node:fs';
import type {Logger} from '@longshore/base';
import {closeFd, type FdWatch, setPipeSize, watchFd} from '@longshore/linux';
import type {StreamName} from '../../core/logs/log-entry.ts';
import type {OutputReceiver} from '../../core/ports/container-io.ts';
import {reusePiece} from './piece-buffer.ts';

/** Takes bytes out of a FIFO: the next ones, or whether there are none now or no writer has it open any more. */
export type OutputSource = (fifo: number) => Buffer | 'empty' | 'ended';

/** Room in the pipe: four times the usual, so that much output takes a quarter of the calls. */
const pipeSize = 256 * 1024;
/** The event loop is given back after this long: what was written to files and sockets meanwhile goes on then. */
const turnMs = 1;
/** Of more pieces than these nobody waits to hear that they are not in use any more. */
const maximumLent = 16;

export class OutputPump {
  readonly #stream: StreamName;
  readonly #fifo: number;
  readonly #source: OutputSource;
  readonly #receiver: OutputReceiver;
  readonly #log: Logger;
  readonly #watch: FdWatch;
  /** Pieces that the receiver may still have in use. */
  readonly #lent: Buffer[] = [];
  #state: 'running' | 'waiting' | 'closed' = 'running';

  /** Opens the FIFO for reading; it never blocks. Data is delivered from now on. */
  constructor(path: string, stream: StreamName, source: OutputSource, receiver: OutputReceiver, log: Logger) {
    this.#stream = stream;
    this.#source = source;
    this.#receiver = receiver;
    this.#log = log;
    this.#fifo = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    widenPipe(this.#fifo, log);
    this.#watch = watchFd(this.#fifo, {readable: () => this.#onReadable()}, {ref: false});
  }

  /**
   * The container has ended and the shim has let go: takes what is still in the FIFO and closes it. Waits while
   * receivers are congested.
   */
  async finish(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#watch.setInterest({readable: false});
    this.#state = 'waiting';
    while (this.#move()) await this.#receiver.congestion();
    this.close();
  }

  /** Stops without taking anything more out of the FIFO. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#watch[Symbol.dispose]();
    closeFd(this.#fifo);
  }

  #onReadable(): void {
    if (this.#state !== 'running') return;
    try {
      const deadline = performance.now() + turnMs;
      while (this.#move()) {
        const congestion = this.#receiver.congestion();
        if (congestion) this.#waitFor(congestion);
        // Either waiting, or the watch calls again on the next turn.
        if (congestion || performance.now() > deadline) break;
      }
    } catch (error) {
      this.#log.error({error, stream: this.#stream}, 'cannot read the output of a container');
      this.close();
    }
  }

  /** Delivers one piece; false when there is nothing now. */
  #move(): boolean {
    const data = this.#source(this.#fifo);
    // Every writer is gone, the shim too: poll would report that for ever. `finish` or `close` follows.
    if (data === 'ended') this.#watch.setInterest({readable: false});
    if (typeof data === 'string') return false;
    this.#receiver.deliver(this.#stream, data);
    this.#lent.push(data);
    if (this.#receiver.keepsNothing?.()) for (const piece of this.#lent.splice(0)) reusePiece(piece);
    else if (this.#lent.length > maximumLent) this.#lent.length = 0;
    return true;
  }

  #waitFor(congestion: Promise<void>): void {
    this.#state = 'waiting';
    this.#watch.setInterest({readable: false});
    void congestion.then(() => {
      if (this.#state !== 'waiting') return;
      this.#state = 'running';
      this.#watch.setInterest({readable: true});
    });
  }
}

/** The kernel may refuse: then the pipe stays as it is. */
function widenPipe(fifo: number, log: Logger): void {
  try {
    setPipeSize(fifo, pipeSize);
  } catch (error) {
    log.debug({error}, 'pipe keeps its size');
  }
}
