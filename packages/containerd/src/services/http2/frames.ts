/** Frames of HTTP/2 (RFC 9113): numbers, and what they are read from and written to. */
import {Buffer} from 'node:buffer';

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const headerLength = 9;
/** What both sides start with until a setting says otherwise (6.5.2, 6.9.2). */
export const defaults = {window: 65_535, frameSize: 16_384, tableSize: 4096} as const;
export const maxWindow = 2 ** 31 - 1;

export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flag = {endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20} as const;

export const setting = {
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindow: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

export const errorCode = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const;

/** The connection cannot go on; the client is told by a GOAWAY. */
export class ConnectionError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** One stream cannot go on; the client is told by a RST_STREAM. */
export class StreamError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export interface Frame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

export function encodeFrame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headerLength + payload.length);
  writeHeader(frame, type, flags, stream, payload.length);
  frame.set(payload, headerLength);
  return frame;
}

/** Of a frame whose payload follows by itself. */
export function encodeHeader(type: number, flags: number, stream: number, length: number): Buffer {
  const header = Buffer.allocUnsafe(headerLength);
  writeHeader(header, type, flags, stream, length);
  return header;
}

function writeHeader(into: Buffer, type: number, flags: number, stream: number, length: number): void {
  into.writeUIntBE(length, 0, 3);
  into[3] = type;
  into[4] = flags;
  into.writeUInt32BE(stream, 5);
}

/** The payload of WINDOW_UPDATE and RST_STREAM. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function encodeSettings(pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.allocUnsafe(pairs.length * 6);
  for (const [i, [id, value]] of pairs.entries()) {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  }
  return encodeFrame(frameType.settings, 0, 0, payload);
}

/** A block of headers, over as many frames as it takes. */
export function encodeHeaders(stream: number, block: Buffer, isLast: boolean, frameSize: number): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < block.length; at += frameSize) {
    const part = block.subarray(at, at + frameSize);
    const type = at === 0 ? frameType.headers : frameType.continuation;
    const ends = at + part.length >= block.length ? flag.endHeaders : 0;
    frames.push(encodeFrame(type, ends | (at === 0 && isLast ? flag.endStream : 0), stream, part));
  }
  return frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames);
}
