/** Frames over one socket, with back-pressure both ways: what client and server connections share. */
import type {ByteStream} from './byte-stream.ts';
import {encodeFrame, type Frame, FrameReader} from './frame.ts';
import {closedError} from './status.ts';

export interface FrameChannelEvents {
  /** A promise holds back all further frames until it settles (it must not reject). */
  onFrame(frame: Frame): Promise<void> | undefined;
  /** Once, when no more frames will come; with the error of the socket if there was one. */
  onClose(error: Error | undefined): void;
}

/** A peer that does not read its answers is not read from either once this much is waiting for it. Bytes. */
const outputLimit = 1024 * 1024;

export class FrameChannel {
  readonly #socket: ByteStream;
  readonly #events: FrameChannelEvents;
  readonly #reader = new FrameReader();
  #busy = false;
  #closed = false;
  #ending = false;
  #error: Error | undefined;
  #drainWaiters: (() => void)[] = [];

  constructor(socket: ByteStream, events: FrameChannelEvents) {
    this.#socket = socket;
    this.#events = events;
  }

  /** Takes the socket over and begins to deliver frames. `head` is what was already read from it. */
  start(head?: Uint8Array): void {
    const socket = this.#socket;
    socket.on('drain', () => this.#drained());
    socket.on('error', error => {
      this.#error = error;
    });
    socket.on('close', () => this.#onClose());
    if (head) this.#receive(head);
    socket.on('data', chunk => this.#receive(chunk));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Throws "ttrpc: closed", and resource-exhausted for a payload over 4 MiB. Frames leave in the order of the calls. */
  send(streamId: number, type: number, flags: number, payload?: Uint8Array): void {
    if (this.#closed || this.#ending) throw closedError(this.#error);
    this.#socket.write(encodeFrame(streamId, type, flags, payload));
    if (this.#isOutputFull()) this.#socket.pause();
  }

  /** Resolves when more may be sent, or the channel is closed. */
  async writable(): Promise<void> {
    if (this.#closed || !this.#socket.writableNeedDrain) return;
    await new Promise<void>(resolve => {
      this.#drainWaiters.push(resolve);
    });
  }

  /** Flushes what was sent, then closes. */
  end(): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    this.#socket.end(() => this.#socket.destroy());
    this.#socket.resume(); // a paused socket would not notice that the peer went away
  }

  /** Drops everything at once. */
  destroy(): void {
    this.#socket.destroy();
    this.#onClose();
  }

  #isOutputFull(): boolean {
    return this.#socket.writableLength > outputLimit;
  }

  #receive(chunk: Uint8Array): void {
    if (this.#ending || this.#closed) return;
    this.#reader.push(chunk);
    if (!this.#busy) void this.#deliver();
  }

  async #deliver(): Promise<void> {
    this.#busy = true;
    for (let frame = this.#reader.next(); frame && !this.#closed; frame = this.#reader.next()) {
      const hold = this.#events.onFrame(frame);
      if (!hold && !this.#isOutputFull()) continue;
      this.#socket.pause();
      await hold;
      if (this.#isOutputFull()) await this.writable();
      this.#resume();
    }
    this.#busy = false;
  }

  #resume(): void {
    if (!this.#closed && !this.#isOutputFull()) this.#socket.resume();
  }

  #drained(): void {
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const wake of waiters) wake();
    if (!this.#busy) this.#resume();
  }

  #onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#drained();
    this.#events.onClose(this.#error);
  }
}
