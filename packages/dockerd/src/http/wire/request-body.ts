/** The body of an HTTP/1 request: by Content-Length, chunked, or none. */
import {BadRequest, type RequestHead} from './request-head.ts';
import type {SocketReader} from './socket-reader.ts';

/** Longest line of a chunk size or trailer. */
const maxLine = 4096;

/** Bytes of a request, read once, with backpressure to the client. */
export class RequestBody implements AsyncIterable<Buffer> {
  /** The announced length; undefined when the body is chunked. */
  readonly length: number | undefined;
  readonly #reader: SocketReader;
  readonly #onFirstRead: () => void;
  #left: number;
  #started = false;
  #done: boolean;
  #failed = false;
  #peeked: Buffer | undefined;

  /** `onFirstRead` sends the interim answer to `Expect: 100-continue`. Throws BadRequest on a bad framing. */
  constructor(head: RequestHead, reader: SocketReader, onFirstRead: () => void = () => {}) {
    this.#reader = reader;
    this.#onFirstRead = onFirstRead;
    const coding = head.headers.get('transfer-encoding');
    if (coding !== undefined && coding.toLowerCase() !== 'chunked') throw new BadRequest(501, 'Not Implemented');
    const length = head.headers.get('content-length');
    if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new BadRequest(400, 'Bad Request');
    this.length = coding ? undefined : Number(length ?? 0);
    this.#left = this.length ?? 0;
    this.#done = this.length === 0;
  }

  /** True when all of it has been read. */
  get isDone(): boolean {
    return this.#done;
  }

  /** The next bytes; undefined at the end. Throws when the client stops in the middle. */
  async read(): Promise<Buffer | undefined> {
    if (this.#peeked) {
      const data = this.#peeked;
      this.#peeked = undefined;
      return data;
    }
    if (this.#done) return undefined;
    if (!this.#started) {
      this.#started = true;
      this.#onFirstRead();
    }
    if (this.length === undefined && this.#left === 0) await this.#openChunk();
    if (this.#done) return undefined;
    const data = await this.#take(this.#left);
    this.#left -= data.length;
    if (this.length === undefined) {
      if (this.#left === 0) await this.#readLine(); // the line end behind a chunk
    } else if (this.#left === 0) this.#done = true;
    return data;
  }

  /** All of it, which is read again afterwards. Throws `tooLarge()` when there are more than `limit` bytes. */
  async peek(limit: number, tooLarge: () => Error): Promise<Buffer> {
    if ((this.length ?? 0) > limit) throw tooLarge();
    const pieces: Buffer[] = [];
    let size = 0;
    for (let data = await this.read(); data; data = await this.read()) {
      pieces.push(data);
      size += data.length;
      if (size > limit) throw tooLarge();
    }
    const whole = Buffer.concat(pieces);
    if (whole.length > 0) this.#peeked = whole;
    return whole;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    for (let data = await this.read(); data; data = await this.read()) yield data;
  }

  /** Reads what is left, up to `limit` bytes. False when there is more: the connection cannot be used again. */
  async discard(limit: number): Promise<boolean> {
    if (this.#failed || (!this.#started && !this.#done && (this.length ?? Number.POSITIVE_INFINITY) > limit))
      return false;
    let seen = 0;
    try {
      for (let data = await this.read(); data; data = await this.read()) {
        seen += data.length;
        if (seen > limit) return false;
      }
      return true;
    } catch {
      return false; // the client went away in the middle
    }
  }

  async #openChunk(): Promise<void> {
    const size = /^([0-9a-fA-F]{1,12})[ \t]*(;.*)?$/.exec(await this.#readLine())?.[1];
    if (size === undefined) this.#fail('malformed chunked encoding');
    this.#left = Number.parseInt(size, 16);
    if (this.#left > 0) return;
    while ((await this.#readLine()) !== '') {
      // trailers carry nothing that the engine uses
    }
    this.#done = true;
  }

  async #take(most: number): Promise<Buffer> {
    const chunk = await this.#reader.read();
    if (!chunk) this.#fail('unexpected EOF');
    if (chunk.length <= most) return chunk;
    this.#reader.unread(chunk.subarray(most));
    return chunk.subarray(0, most);
  }

  async #readLine(): Promise<string> {
    let line: Buffer = Buffer.alloc(0);
    for (;;) {
      const chunk = await this.#reader.read();
      if (!chunk) this.#fail('unexpected EOF');
      const end = chunk.indexOf(10);
      if (end < 0) line = Buffer.concat([line, chunk]);
      else {
        this.#reader.unread(chunk.subarray(end + 1));
        return Buffer.concat([line, chunk.subarray(0, end)])
          .toString('latin1')
          .replace(/\r$/, '');
      }
      if (line.length > maxLine) this.#fail('malformed chunked encoding');
    }
  }

  #fail(message: string): never {
    this.#failed = true;
    throw new BadRequest(400, message);
  }
}
