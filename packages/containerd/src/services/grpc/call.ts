/** One call: messages in, messages out, a status. */
import {Buffer} from 'node:buffer';
import {status} from '@grpc/grpc-js';
import type {ServerStream, StreamHandler} from '../http2/stream.ts';
import {CallFailure} from './failure.ts';
import {parseTimeout, startBlock, statusBlock} from './headers.ts';
import {MessageReader} from './message-reader.ts';

/** Bytes of a call that wait to be sent until its handler has to wait too. */
const maxWaiting = 512 << 10;
/** What a timer can count. */
const maxTimerMs = 2 ** 31 - 1;

export interface CallLimits {
  /** Bytes of one message. */
  maxReceive: number;
  maxSend: number;
}

export class ServerCall implements StreamHandler {
  readonly #stream: ServerStream;
  readonly #limits: CallLimits;
  readonly #reader: MessageReader;
  readonly #abort = new AbortController();
  readonly #messages: Buffer[] = [];
  /** Bytes that came, of messages that nobody has taken. */
  #uncredited = 0;
  #hasAll = false;
  #isStarted = false;
  #isFinished = false;
  #onMessage: (() => void) | undefined;
  #onRoom: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: ServerStream, limits: CallLimits) {
    this.#stream = stream;
    this.#limits = limits;
    this.#reader = new MessageReader(limits.maxReceive, this.header('grpc-encoding'));
    const timeout = parseTimeout(this.header('grpc-timeout'));
    if (timeout !== undefined && timeout <= maxTimerMs) {
      this.#timer = setTimeout(() => this.#expire(), timeout);
    }
  }

  get path(): string {
    return this.header(':path');
  }

  /** Aborts when the client cancels the call, is gone, or has given it too little time. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Empty when the request does not have it. */
  header(name: string): string {
    return this.#stream.headers.get(name) ?? '';
  }

  /** The client's next message; undefined when there are no more, or the call is over. */
  async receive(): Promise<Buffer | undefined> {
    for (;;) {
      const message = this.#messages.shift();
      if (message) {
        if (this.#messages.length === 0) this.#creditAll();
        return message;
      }
      if (this.#hasAll || this.#isFinished || this.signal.aborted) return undefined;
      const {promise, resolve} = Promise.withResolvers<void>();
      this.#onMessage = resolve;
      await promise;
    }
  }

  /** Tells the client that the call is being answered. */
  start(): void {
    if (this.#isStarted || this.#isFinished) return;
    this.#isStarted = true;
    this.#stream.respond(startBlock);
  }

  /**
   * Sends a message, given in parts, which must stay as they are. Resolves when there is room for the next, or the call
   * is over. Throws CallFailure when it is too large.
   */
  async send(parts: readonly Uint8Array[]): Promise<void> {
    if (this.#isFinished) return;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (length > this.#limits.maxSend) {
      const text = `grpc: trying to send message larger than max (${length} vs. ${this.#limits.maxSend})`;
      throw new CallFailure(status.RESOURCE_EXHAUSTED, text);
    }
    this.start();
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(length, 1);
    this.#stream.write([prefix, ...parts]);
    while (this.#stream.waitingBytes >= maxWaiting) {
      const {promise, resolve} = Promise.withResolvers<void>();
      this.#onRoom = resolve;
      await promise;
    }
  }

  /** Ends the call; only the first time counts. */
  finish(code: number, message: string): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    clearTimeout(this.#timer);
    this.#messages.length = 0;
    this.#stream.end(statusBlock(code, message, !this.#isStarted));
    this.#wakeAll();
  }

  onData(piece: Buffer): void {
    this.#uncredited += piece.length;
    if (this.#isFinished) {
      this.#creditAll();
      return;
    }
    try {
      this.#reader.read(piece, message => this.#messages.push(message));
    } catch (error) {
      if (!(error instanceof CallFailure)) throw error;
      this.#fail(error);
    }
    // The rest of a message may come whatever its size; more than one only when it was taken.
    if (this.#messages.length === 0) this.#creditAll();
    else this.#wake();
  }

  onEnd(): void {
    this.#hasAll = true;
    if (!this.#reader.isBetween) this.#fail(new CallFailure(status.INTERNAL, 'grpc: unexpected EOF'));
    this.#wake();
  }

  onAbort(): void {
    clearTimeout(this.#timer);
    this.#isFinished = true;
    this.#messages.length = 0;
    this.#abort.abort(new DOMException('context canceled', 'AbortError'));
    this.#wakeAll();
  }

  onSent(): void {
    if (this.#stream.waitingBytes < maxWaiting) this.#onRoom?.();
  }

  #expire(): void {
    const message = 'context deadline exceeded';
    this.#abort.abort(new DOMException(message, 'TimeoutError'));
    this.finish(status.DEADLINE_EXCEEDED, message);
  }

  #fail({code, message}: CallFailure): void {
    this.finish(code, message);
    this.#abort.abort(new DOMException('context canceled', 'AbortError'));
  }

  #creditAll(): void {
    this.#stream.credit(this.#uncredited);
    this.#uncredited = 0;
  }

  #wake(): void {
    const wake = this.#onMessage;
    this.#onMessage = undefined;
    wake?.();
  }

  #wakeAll(): void {
    this.#wake();
    this.#onRoom?.();
  }
}
