/** One request and its answer. */
import type {Buffer} from 'node:buffer';
import {maxWindow} from './frames.ts';

/** What the session does for its streams. */
export interface StreamHost {
  sendHeaders(stream: ServerStream, block: Buffer, isLast: boolean): void;
  /** The stream has something to send. */
  schedule(stream: ServerStream): void;
  sendCredit(stream: ServerStream, bytes: number): void;
  reset(stream: ServerStream, code: number): void;
}

/** Who answers a request. */
export interface StreamHandler {
  /** Part of the request's body, valid during the call; `credit` what has been taken. */
  onData(piece: Buffer): void;
  /** The request has been said. */
  onEnd(): void;
  /** The client has given the stream up or is gone: nothing can be sent any more. */
  onAbort(): void;
  /** Less than before waits to be sent. */
  onSent(): void;
}

/** Bytes that are given back to the client at once: fewer would be a frame for each of its frames. */
const creditStep = 256 << 10;

export class ServerStream {
  readonly id: number;
  readonly headers: ReadonlyMap<string, string>;
  handler: StreamHandler | undefined;
  readonly #host: StreamHost;
  /** Bytes that the client may send. */
  receiveWindow: number;
  #credit = 0;
  /** Bytes that may be sent; below 0 after the client has made its windows smaller. */
  sendWindow: number;
  /** The client sends no more. */
  isRemoteEnded = false;
  /** Nothing more is written; `trailers` end it after what waits. */
  isEnding = false;
  isClosed = false;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #trailers: Buffer | undefined;

  constructor(
    host: StreamHost,
    id: number,
    headers: ReadonlyMap<string, string>,
    windows: {send: number; receive: number},
  ) {
    this.#host = host;
    this.id = id;
    this.headers = headers;
    this.sendWindow = windows.send;
    this.receiveWindow = windows.receive;
  }

  /** Bytes that have not been sent yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Ready to be sent, but for windows. */
  get trailers(): Buffer | undefined {
    return this.#waitingBytes === 0 ? this.#trailers : undefined;
  }

  respond(block: Buffer): void {
    if (!this.isClosed) this.#host.sendHeaders(this, block, false);
  }

  /** Body, which must stay as it is until it is sent. */
  write(parts: readonly Uint8Array[]): void {
    if (this.isClosed || this.isEnding) return;
    for (const part of parts) {
      if (part.length === 0) continue;
      this.#waiting.push(part);
      this.#waitingBytes += part.length;
    }
    this.#host.schedule(this);
  }

  /** Headers after the body, or instead of all; the last of the stream. */
  end(block: Buffer): void {
    if (this.isClosed || this.isEnding) return;
    this.isEnding = true;
    this.#trailers = block;
    this.#host.schedule(this);
  }

  reset(code: number): void {
    if (!this.isClosed) this.#host.reset(this, code);
  }

  /** The client may send that many bytes more. */
  credit(bytes: number): void {
    if (this.isClosed || this.isRemoteEnded) return;
    this.#credit += bytes;
    if (this.#credit < creditStep) return;
    this.receiveWindow += this.#credit;
    this.#host.sendCredit(this, this.#credit);
    this.#credit = 0;
  }

  /** False when the window would be larger than can be. */
  widen(bytes: number): boolean {
    this.sendWindow += bytes;
    return this.sendWindow <= maxWindow;
  }

  /** At most `size` of the bytes that wait, as pieces onto `into`; gives their count. */
  take(size: number, into: Uint8Array[]): number {
    let left = Math.min(size, this.#waitingBytes);
    const taken = left;
    let whole = 0;
    while (left > 0) {
      const first = this.#waiting[whole] as Uint8Array;
      if (first.length <= left) {
        into.push(first);
        left -= first.length;
        whole++;
        continue;
      }
      into.push(first.subarray(0, left));
      this.#waiting[whole] = first.subarray(left);
      left = 0;
    }
    if (whole > 0) this.#waiting.splice(0, whole);
    this.#waitingBytes -= taken;
    this.sendWindow -= taken;
    return taken;
  }

  /** The session has forgotten it. */
  close(): void {
    this.isClosed = true;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#trailers = undefined;
  }
}
