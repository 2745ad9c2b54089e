/** A client of HTTP/2 that says exactly what a test wants, right or wrong. */
import {Buffer} from 'node:buffer';
import {type Duplex, duplexPair} from 'node:stream';
import {encodeFrame, encodeSettings, flag, frameType, preface, uint32} from '../services/http2/frames.ts';
import {HeaderDecoder} from '../services/http2/header-decoder.ts';
import {encodeHeaderBlock} from '../services/http2/header-encoder.ts';
import type {Header} from '../services/http2/header-table.ts';

export interface SeenFrame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

export class Http2Peer {
  readonly #end: Duplex;
  readonly #decoder = new HeaderDecoder(1 << 20);
  readonly frames: SeenFrame[] = [];
  isClosed = false;
  #bytes: Buffer = Buffer.alloc(0);

  /** `accept` gets the server's end. Without `greets` the test says the preface and settings itself. */
  constructor(accept: (socket: Duplex) => void, greets = true) {
    const [client, server] = duplexPair();
    this.#end = client;
    client.on('data', (chunk: Buffer) => this.#read(chunk));
    client.on('end', () => {
      this.isClosed = true;
    });
    client.on('close', () => {
      this.isClosed = true;
    });
    client.on('error', () => {});
    accept(server);
    if (greets) this.write(preface, encodeSettings([]));
  }

  write(...parts: Uint8Array[]): void {
    this.#end.write(Buffer.concat(parts));
  }

  /** Byte by byte. */
  async drip(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; at++) {
      this.#end.write(bytes.subarray(at, at + 1));
      await new Promise(setImmediate);
    }
  }

  frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): void {
    this.write(encodeFrame(type, flags, stream, payload));
  }

  /** A call, or with `isLast` all that is said of it. */
  request(stream: number, path: string, more: Header[] = [], isLast = false): void {
    this.frame(frameType.headers, flag.endHeaders | (isLast ? flag.endStream : 0), stream, requestBlock(path, more));
  }

  update(stream: number, bytes: number): void {
    this.frame(frameType.windowUpdate, 0, stream, uint32(bytes));
  }

  destroy(): void {
    this.#end.destroy();
  }

  pause(): void {
    this.#end.pause();
  }

  resume(): void {
    this.#end.resume();
  }

  of(type: number, stream?: number): SeenFrame[] {
    return this.frames.filter(frame => frame.type === type && (stream === undefined || frame.stream === stream));
  }

  /** Bytes of answers on a stream. */
  body(stream: number): Buffer {
    return Buffer.concat(this.of(frameType.data, stream).map(({payload}) => payload));
  }

  /** Headers and trailers of an answer, in the order of all answers. */
  headers(stream: number): Record<string, string> {
    return this.#seenHeaders.get(stream) ?? {};
  }

  /** The code of the GOAWAY with which the connection ended. */
  get goAway(): number | undefined {
    return this.of(frameType.goAway)[0]?.payload.readUInt32BE(4);
  }

  resetOf(stream: number): number | undefined {
    return this.of(frameType.reset, stream)[0]?.payload.readUInt32BE(0);
  }

  readonly #seenHeaders = new Map<number, Record<string, string>>();

  #read(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (this.#bytes.length >= 9) {
      const length = this.#bytes.readUIntBE(0, 3);
      if (this.#bytes.length < 9 + length) return;
      const [type, flags] = [this.#bytes[3] as number, this.#bytes[4] as number];
      const stream = this.#bytes.readUInt32BE(5);
      const payload = this.#bytes.subarray(9, 9 + length);
      this.#bytes = this.#bytes.subarray(9 + length);
      this.frames.push({type, flags, stream, payload});
      if (type !== frameType.headers) continue;
      const known = this.#seenHeaders.get(stream);
      this.#seenHeaders.set(stream, {...known, ...Object.fromEntries(this.#decoder.decode(payload))});
    }
  }
}

export function requestBlock(path: string, more: Header[] = []): Buffer {
  return encodeHeaderBlock([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    ['content-type', 'application/grpc'],
    ...more,
  ]);
}

/** A message as gRPC frames it. */
export function grpcMessage(message: Uint8Array, isCompressed = false): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = isCompressed ? 1 : 0;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
