/** Pulls bytes out of a socket piece by piece, pausing the socket while nobody asks for more. */
import type {Socket} from 'node:net';

/** Above this many unread bytes the socket is paused. */
const highWater = 256 * 1024;
/** An HTTP head longer than this is no answer of an engine's. */
const maxLine = 64 * 1024;

export class ByteReader {
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #size = 0;
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;
  readonly #onData = (chunk: Buffer) => this.#push(chunk);
  readonly #onEnd = () => this.#finish();
  readonly #onError = (error: Error) => this.#finish(error);

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onEnd).on('error', this.#onError);
  }

  /** The next bytes, at most `limit`; undefined at the end of the stream. */
  async read(limit = Number.POSITIVE_INFINITY): Promise<Buffer | undefined> {
    await this.#fill();
    const chunk = this.#chunks.shift();
    if (!chunk) return undefined;
    const taken = chunk.length > limit ? chunk.subarray(0, limit) : chunk;
    if (taken.length < chunk.length) this.#chunks.unshift(chunk.subarray(limit));
    this.#size -= taken.length;
    if (this.#size < highWater && this.#socket.isPaused()) this.#socket.resume();
    return taken;
  }

  /** A line without its line end; undefined when the stream ends before one. */
  async readLine(): Promise<string | undefined> {
    const parts: Buffer[] = [];
    for (let length = 0; length < maxLine; ) {
      const chunk = await this.read();
      if (!chunk) return undefined;
      const at = chunk.indexOf(10);
      if (at < 0) {
        parts.push(chunk);
        length += chunk.length;
        continue;
      }
      this.unread(chunk.subarray(at + 1));
      parts.push(chunk.subarray(0, at));
      return Buffer.concat(parts).toString('latin1').replace(/\r$/, '');
    }
    throw new Error('malformed HTTP response: line too long');
  }

  /** Puts bytes back in front of what is still to be read. */
  unread(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.unshift(chunk);
    this.#size += chunk.length;
  }

  /** Stops reading; what was read and not used comes back, the socket is paused and the caller's. */
  detach(): Buffer {
    this.#socket.pause();
    this.#socket
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('close', this.#onEnd)
      .off('error', this.#onError);
    return Buffer.concat(this.#chunks.splice(0));
  }

  /** True when the other side has ended the stream, whether or not all was read. */
  get ended(): boolean {
    return this.#ended;
  }

  async #fill(): Promise<void> {
    while (this.#chunks.length === 0 && !this.#ended) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    if (this.#chunks.length === 0 && this.#error) throw this.#error;
  }

  #push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size >= highWater) this.#socket.pause();
    this.#wake?.();
  }

  #finish(error?: Error): void {
    this.#ended = true;
    this.#error ??= error;
    this.#wake?.();
  }
}
