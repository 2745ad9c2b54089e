/**
 * Flow control for HTTP/2 servers under Bun (1.4.5), which does not add to the window of an open stream when the client
 * raises its initial window size after it has sent that stream a window update. Go's gRPC clients do both as they
 * measure the line; what is lost adds up until both sides wait for each other: a blob read by the original ctr, or the
 * event stream of the original dockerd, stands still.
 *
 * The filter sits between socket and server. It takes the initial window size out of the client's settings and gives
 * every stream the same credit by window updates, which Bun does count.
 */
import {Buffer} from 'node:buffer';
import type {Socket} from 'node:net';
import {Duplex} from 'node:stream';

const prefaceLength = 24;
const headerLength = 9;
/** Initial window of both sides until a setting says otherwise (RFC 9113, 6.9.2). */
const defaultWindow = 65_535;

/** Between socket and session: some frames of one stream. */
const bufferBytes = 1 << 20;

const frameType = {data: 0, headers: 1, reset: 3, settings: 4, windowUpdate: 8, continuation: 9} as const;
const flag = {endStream: 1, ack: 1, endHeaders: 4} as const;
const initialWindowSetting = 4;

/** The socket as the server should see it. Destroying either destroys the other. */
export function withExactWindows(socket: Socket): Duplex {
  return new WindowFilter(socket);
}

class WindowFilter extends Duplex {
  readonly #socket: Socket;
  readonly #incoming = new IncomingFrames();
  readonly #outgoing = new FrameScanner(0);
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** From the moment when a flush is planned until the socket has taken it. */
  #isFlushing = false;
  /** Lets the next chunk come, once there is room for it. */
  #whenFlushed: ((error?: Error | null) => void) | undefined;
  /** Ends the socket, once it has everything. */
  #finish: (() => void) | undefined;

  constructor(socket: Socket) {
    super({allowHalfOpen: true, readableHighWaterMark: bufferBytes, writableHighWaterMark: bufferBytes});
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      let wantsMore = true;
      for (const part of this.#incoming.rewrite(chunk)) if (part.length > 0) wantsMore = this.push(part);
      if (!wantsMore) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', error => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#noteEnds(chunk);
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    this.#flushSoon();
    if (this.#pendingBytes < bufferBytes) done();
    else this.#whenFlushed = done;
  }

  override _final(done: (error?: Error | null) => void): void {
    const end = () => this.#socket.end(done);
    if (this.#isFlushing) this.#finish = end;
    else end();
  }

  /**
   * What is written is held until all that goes on now is done: grpc-js and Bun write each frame by itself, Bun two
   * window updates of 13 bytes for every frame of data that it takes in, and a system call for each of them costs more
   * than the data.
   */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    const chunk = this.#pending.length === 1 ? (this.#pending[0] as Buffer) : Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    const done = this.#whenFlushed;
    this.#whenFlushed = undefined;
    this.#socket.write(chunk, error => {
      this.#isFlushing = false;
      if (this.#pending.length > 0) this.#flushSoon();
      else this.#finish?.();
      done?.(error);
    });
  }

  #noteEnds(chunk: Buffer): void {
    this.#outgoing.scan(chunk, (type, flags, stream) => {
      const ends = (type === frameType.data || type === frameType.headers) && (flags & flag.endStream) !== 0;
      if (ends || type === frameType.reset) this.#incoming.forget(stream);
    });
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy(error ?? undefined);
    done(error);
  }
}

/** Finds the frame headers in a stream of bytes that comes in pieces of any size. */
class FrameScanner {
  /** Bytes that are no header: a preface, or the rest of a payload. */
  #skip: number;
  readonly #header = Buffer.alloc(headerLength);
  #held = 0;

  constructor(skip: number) {
    this.#skip = skip;
  }

  scan(chunk: Buffer, onFrame: (type: number, flags: number, stream: number) => void): void {
    let at = 0;
    while (at < chunk.length) {
      const skipped = Math.min(this.#skip, chunk.length - at);
      this.#skip -= skipped;
      at += skipped;
      const taken = chunk.copy(this.#header, this.#held, at, at + headerLength - this.#held);
      at += taken;
      this.#held += taken;
      if (this.#held < headerLength) return;
      this.#held = 0;
      this.#skip = this.#header.readUIntBE(0, 3);
      onFrame(this.#header.readUInt8(3), this.#header.readUInt8(4), this.#header.readUInt32BE(5) & 0x7fffffff);
    }
  }
}

type Frame = {type: number; flags: number; stream: number; left: number; payload: Buffer[]};

/** Rewrites what the client sends. Whatever needs no change is handed on in the pieces that it came in. */
class IncomingFrames {
  #preface = prefaceLength;
  /** The beginning of a frame header, until the rest arrives. */
  #carry: Buffer = Buffer.alloc(0);
  #frame: Frame | undefined;
  /** What the client says that every stream starts with. */
  #window = defaultWindow;
  /** Streams that may still be sent to. */
  readonly #streams = new Set<number>();
  /** A client that shrinks windows is left to Bun: that cannot be said by window updates. */
  #isOff = false;

  forget(stream: number): void {
    this.#streams.delete(stream);
  }

  /** The bytes to hand on in place of `chunk`. */
  rewrite(chunk: Buffer): Buffer[] {
    const bytes = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    this.#carry = Buffer.alloc(0);
    if (this.#isOff) return [bytes];
    const out: Buffer[] = [];
    let at = Math.min(this.#preface, bytes.length);
    this.#preface -= at;
    let done = 0; // bytes before it have been handed on, or are left out
    while (at < bytes.length) {
      if (!this.#frame) {
        if (bytes.length - at < headerLength) {
          this.#carry = Buffer.from(bytes.subarray(at));
          break;
        }
        this.#frame = frameAt(bytes, at);
        if (this.#frame.type === frameType.settings) out.push(bytes.subarray(done, at));
        at += headerLength;
      }
      at = this.#pass(this.#frame, bytes, at);
      if (this.#frame.type === frameType.settings) done = at;
      if (this.#frame.left > 0) break;
      const added = this.#end(this.#frame);
      this.#frame = undefined;
      if (added.length === 0) continue;
      out.push(bytes.subarray(done, at), ...added);
      done = at;
      if (this.#isOff) at = bytes.length;
    }
    out.push(bytes.subarray(done, at));
    return out;
  }

  /** Goes over the frame's payload as far as it is here, and returns where that ends. */
  #pass(frame: Frame, bytes: Buffer, at: number): number {
    const part = bytes.subarray(at, at + frame.left);
    frame.left -= part.length;
    if (frame.type === frameType.settings) frame.payload.push(Buffer.from(part));
    return at + part.length;
  }

  /** What goes after the frame, or in the place of settings. */
  #end(frame: Frame): Buffer[] {
    const {type, flags, stream} = frame;
    if (type === frameType.settings) return this.#settings(frame);
    if (type === frameType.reset) this.#streams.delete(stream);
    if (type !== frameType.headers && type !== frameType.continuation) return [];
    // The end of a request may come as trailers, in headers of a stream that is known.
    if (!(flags & flag.endHeaders) || this.#streams.has(stream)) return [];
    this.#streams.add(stream);
    return this.#window > defaultWindow ? [windowUpdate(stream, this.#window - defaultWindow)] : [];
  }

  #settings(frame: Frame): Buffer[] {
    const payload = Buffer.concat(frame.payload);
    const kept: Buffer[] = [];
    let window = this.#window;
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) === initialWindowSetting) window = payload.readUInt32BE(at + 2);
      else kept.push(payload.subarray(at, at + 6));
    }
    if (window < this.#window) {
      this.#isOff = true;
      return [headerOf(frame, payload.length), payload];
    }
    const raise = window - this.#window;
    this.#window = window;
    const updates = raise === 0 ? [] : [...this.#streams].map(stream => windowUpdate(stream, raise));
    const settings = Buffer.concat(kept);
    return [headerOf(frame, settings.length), settings, ...updates];
  }
}

function frameAt(bytes: Buffer, at: number): Frame {
  return {
    type: bytes.readUInt8(at + 3),
    flags: bytes.readUInt8(at + 4),
    stream: bytes.readUInt32BE(at + 5) & 0x7fffffff,
    left: bytes.readUIntBE(at, 3),
    payload: [],
  };
}

function headerOf({type, flags, stream}: {type: number; flags: number; stream: number}, length: number): Buffer {
  const header = Buffer.alloc(headerLength);
  header.writeUIntBE(length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return header;
}

function windowUpdate(stream: number, increment: number): Buffer {
  const frame = Buffer.concat([headerOf({type: frameType.windowUpdate, flags: 0, stream}, 4), Buffer.alloc(4)]);
  frame.writeUInt32BE(increment, headerLength);
  return frame;
}
