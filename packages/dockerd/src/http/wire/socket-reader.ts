import type {Socket} from 'node:net';

/** Reading stops above this, so that a client that sends faster than we work waits in its own write. */
const highWaterMark = 256 * 1024;

/**
 * Reads a socket chunk by chunk for one consumer at a time: the request parser, then the body, then whoever hijacks
 * the connection. Bytes that were read too far can be put back.
 */
export class SocketReader {
  readonly #socket: Socket;
  readonly #gone = new AbortController();
  #chunks: Buffer[] = [];
  #size = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#push(chunk));
    socket.on('end', () => this.#finish());
    socket.on('close', () => this.#finish());
    socket.on('error', () => this.#finish()); // 'close' follows; writers see the failure themselves
  }

  /** Aborted once the peer has closed its side (or all of the connection). */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** The next bytes, or undefined at the end of the stream. */
  async read(): Promise<Buffer | undefined> {
    while (this.#chunks.length === 0 && !this.#ended) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    const chunk = this.#chunks.shift();
    if (chunk) this.#size -= chunk.length;
    if (this.#size < highWaterMark && this.#socket.isPaused()) this.#socket.resume();
    return chunk;
  }

  /** Puts bytes back in front of what comes next. */
  unread(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.unshift(chunk);
    this.#size += chunk.length;
  }

  #push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size >= highWaterMark) this.#socket.pause();
    this.#notify();
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#notify();
    this.#gone.abort(new DOMException('the client closed the connection', 'AbortError'));
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
