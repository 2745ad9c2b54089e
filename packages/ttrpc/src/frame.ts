/**
 * The ttrpc frame: a 10-byte header (payload length and stream id as big-endian uint32, type, flags) and a payload of
 * at most 4 MiB. The reader never holds more than one payload, whatever lengths a peer announces.
 */
import {EngineError} from '@longshore/errdefs';

export const headerLength = 10;
export const maxPayloadLength = 4 * 1024 * 1024;

export const FrameType = {request: 1, response: 2, data: 3} as const;

export const Flag = {
  /** The sender of the frame is done with its side of the stream. */
  remoteClosed: 1,
  /** On a request: data frames of the client follow. */
  remoteOpen: 2,
  /** On data: the frame carries no message, not even an empty one. */
  noData: 4,
} as const;

export interface Frame {
  streamId: number;
  /** One of FrameType; other numbers pass through, the receiver decides. */
  type: number;
  flags: number;
  payload: Uint8Array;
  /** Set when the announced length was over the limit: the payload was thrown away. Bytes. */
  discarded?: number;
}

const nothing = new Uint8Array(0);

/** Throws resource-exhausted when the payload is over 4 MiB. */
export function encodeFrame(streamId: number, type: number, flags: number, payload: Uint8Array = nothing): Uint8Array {
  if (payload.length > maxPayloadLength) throw new EngineError('resource-exhausted', oversizeMessage(payload.length));
  const frame = Buffer.allocUnsafe(headerLength + payload.length);
  frame.writeUInt32BE(payload.length, 0);
  frame.writeUInt32BE(streamId, 4);
  frame[8] = type;
  frame[9] = flags;
  frame.set(payload, headerLength);
  return frame;
}

/** The text that ttrpc peers send for a payload of `length` bytes. */
export function oversizeMessage(length: number): string {
  return `message length ${length} exceed maximum message size of ${maxPayloadLength}`;
}

type Header = {length: number; streamId: number; type: number; flags: number};

/** Cuts a byte stream into frames: `push` what arrived, then call `next` until it has nothing more. */
export class FrameReader {
  readonly #chunks: Uint8Array[] = [];
  /** Offset of the first unread byte in `#chunks[0]`. */
  #offset = 0;
  readonly #headerBytes = Buffer.alloc(headerLength);
  #headerFill = 0;
  #header: Header | undefined;
  #payload: Uint8Array | undefined;
  #payloadFill = 0;

  /** The reader keeps (a view of) the chunk: the caller must not write into it afterwards. */
  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  next(): Frame | undefined {
    this.#header ??= this.#readHeader();
    if (!this.#header) return undefined;
    const header = this.#header;
    const payload = header.length > maxPayloadLength ? this.#skip(header.length) : this.#readPayload(header.length);
    if (!payload) return undefined;
    this.#header = undefined;
    const {length, ...frame} = header;
    return length > maxPayloadLength ? {...frame, payload, discarded: length} : {...frame, payload};
  }

  #readHeader(): Header | undefined {
    this.#headerFill += this.#copyTo(this.#headerBytes, this.#headerFill);
    if (this.#headerFill < headerLength) return undefined;
    this.#headerFill = 0;
    const bytes = this.#headerBytes;
    return {
      length: bytes.readUInt32BE(0),
      streamId: bytes.readUInt32BE(4),
      type: bytes.readUInt8(8),
      flags: bytes.readUInt8(9),
    };
  }

  #readPayload(length: number): Uint8Array | undefined {
    const chunk = this.#chunks[0];
    if (!this.#payload && chunk && chunk.length - this.#offset >= length) {
      const view = chunk.subarray(this.#offset, this.#offset + length);
      this.#advance(length);
      return view;
    }
    // Untouched pages of a large allocation cost nothing, so a mere announcement of 4 MiB is cheap to serve.
    this.#payload ??= new Uint8Array(length);
    this.#payloadFill += this.#copyTo(this.#payload, this.#payloadFill);
    if (this.#payloadFill < length) return undefined;
    const payload = this.#payload;
    this.#payload = undefined;
    this.#payloadFill = 0;
    return payload;
  }

  #skip(length: number): Uint8Array | undefined {
    for (let chunk = this.#chunks[0]; chunk && this.#payloadFill < length; chunk = this.#chunks[0]) {
      const count = Math.min(chunk.length - this.#offset, length - this.#payloadFill);
      this.#payloadFill += count;
      this.#advance(count);
    }
    if (this.#payloadFill < length) return undefined;
    this.#payloadFill = 0;
    return nothing;
  }

  /** Moves bytes into `target` from `start` on until it is full or nothing is left; returns how many. */
  #copyTo(target: Uint8Array, start: number): number {
    let position = start;
    for (let chunk = this.#chunks[0]; chunk && position < target.length; chunk = this.#chunks[0]) {
      const count = Math.min(chunk.length - this.#offset, target.length - position);
      target.set(chunk.subarray(this.#offset, this.#offset + count), position);
      position += count;
      this.#advance(count);
    }
    return position - start;
  }

  #advance(count: number): void {
    this.#offset += count;
    if (this.#offset < (this.#chunks[0]?.length ?? 0)) return;
    this.#chunks.shift();
    this.#offset = 0;
  }
}
