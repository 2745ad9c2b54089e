/**
 * What a session sends: control frames first, then the streams in turns, as far as windows and the socket allow. All
 * that comes about in one round of the event loop goes out by one write.
 */
import {Buffer} from 'node:buffer';
import type {Duplex} from 'node:stream';
import {defaults, encodeHeader, frameType, maxWindow} from './frames.ts';
import type {ServerStream} from './stream.ts';

/** Bytes of one write; a socket takes about as many. */
const batchBytes = 256 << 10;
/** For the client to read the last words, in milliseconds. */
const lingerMs = 1000;

export class Output {
  readonly #socket: Duplex;
  /** Frames that wait for no window. */
  #control: Uint8Array[] = [];
  #controlBytes = 0;
  /** Streams that have something to send and may; the first is next. */
  readonly #ready = new Set<ServerStream>();
  readonly #onTrailers: (stream: ServerStream, block: Buffer) => void;
  /** Of the connection. */
  #window: number = defaults.window;
  #isFlushing = false;
  #isEnding = false;
  /** Of one frame, as the client takes it. */
  frameSize: number = defaults.frameSize;
  /** Called when control frames have been sent. */
  onFlushed: (() => void) | undefined;

  /** `onTrailers` adds the end of a stream by `control`. */
  constructor(socket: Duplex, onTrailers: (stream: ServerStream, block: Buffer) => void) {
    this.#socket = socket;
    this.#onTrailers = onTrailers;
  }

  get controlBytes(): number {
    return this.#controlBytes;
  }

  control(frame: Uint8Array): void {
    this.#control.push(frame);
    this.#controlBytes += frame.length;
    this.#flushSoon();
  }

  schedule(stream: ServerStream): void {
    if (stream.waitingBytes > 0 ? stream.sendWindow <= 0 : !stream.trailers) return;
    this.#ready.add(stream);
    this.#flushSoon();
  }

  forget(stream: ServerStream): void {
    this.#ready.delete(stream);
  }

  /** False when the window would be larger than can be. */
  widen(bytes: number): boolean {
    this.#window += bytes;
    if (this.#ready.size > 0) this.#flushSoon();
    return this.#window <= maxWindow;
  }

  /** Ends the socket after what waits now. */
  end(): void {
    this.#isEnding = true;
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    const batch = this.#takeControl();
    const streams = this.#takeBodies(batch);
    batch.push(...this.#takeControl()); // ends of streams
    const hasMore = this.#ready.size > 0 && this.#window > 0;
    if (batch.length === 0) {
      this.#isFlushing = false;
      if (this.#isEnding) this.#close();
      return;
    }
    const bytes = batch.length === 1 ? (batch[0] as Uint8Array) : Buffer.concat(batch);
    this.#socket.write(bytes, () => {
      this.#isFlushing = false;
      if (hasMore || this.#control.length > 0 || this.#ready.size > 0 || this.#isEnding) this.#flushSoon();
      this.onFlushed?.();
    });
    for (const stream of streams) stream.handler?.onSent();
  }

  /** The client closes too then, or is made to. */
  #close(): void {
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), lingerMs).unref();
  }

  #takeControl(): Uint8Array[] {
    const taken = this.#control;
    this.#control = [];
    this.#controlBytes = 0;
    return taken;
  }

  /** A frame of each stream in turn; gives those that have less now. */
  #takeBodies(batch: Uint8Array[]): Set<ServerStream> {
    const streams = new Set<ServerStream>();
    let left = batchBytes;
    for (const stream of this.#ready) {
      if (left <= 0) break;
      this.#ready.delete(stream);
      if (stream.isClosed) continue;
      const size = Math.min(this.frameSize, stream.waitingBytes, stream.sendWindow, this.#window);
      if (size > 0) {
        batch.push(encodeHeader(frameType.data, 0, stream.id, size));
        stream.take(size, batch);
        this.#window -= size;
        left -= size;
        streams.add(stream);
      }
      const {trailers} = stream;
      if (trailers) this.#onTrailers(stream, trailers);
      // Again behind the others, which the loop comes to later.
      else if (stream.waitingBytes > 0 && stream.sendWindow > 0) this.#ready.add(stream);
      if (this.#window <= 0) break;
    }
    return streams;
  }
}
