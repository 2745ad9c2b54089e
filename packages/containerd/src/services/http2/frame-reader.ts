/** Takes the frames out of the pieces in which a socket brings them. */
import {Buffer} from 'node:buffer';
import {ConnectionError, errorCode, type Frame, flag, frameType, headerLength, preface} from './frames.ts';

export interface FrameHandler {
  /** A DATA frame begins, of which `length` bytes count for flow control. */
  dataBegins(stream: number, length: number): void;
  /** What the frame holds, in pieces as they come: they are valid during the call. */
  data(stream: number, piece: Buffer): void;
  dataEnds(stream: number, isLast: boolean): void;
  /** Any other frame, whole. */
  frame(frame: Frame): void;
}

type Partial = {type: number; flags: number; stream: number; left: number; parts: Buffer[]};

export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #maxFrameSize: number;
  #prefaceSeen = 0;
  readonly #header = Buffer.alloc(headerLength);
  #headerSeen = 0;
  #frame: Partial | undefined;

  constructor(handler: FrameHandler, maxFrameSize: number) {
    this.#handler = handler;
    this.#maxFrameSize = maxFrameSize;
  }

  /** Throws ConnectionError. */
  read(chunk: Buffer): void {
    let at = this.#readPreface(chunk);
    while (at < chunk.length || this.#frame?.left === 0) {
      if (!this.#frame) {
        const taken = chunk.copy(this.#header, this.#headerSeen, at, at + headerLength - this.#headerSeen);
        at += taken;
        this.#headerSeen += taken;
        if (this.#headerSeen < headerLength) return;
        this.#headerSeen = 0;
        this.#begin();
        continue;
      }
      const part = chunk.subarray(at, at + this.#frame.left);
      at += part.length;
      this.#pass(this.#frame, part);
    }
  }

  #readPreface(chunk: Buffer): number {
    const length = Math.min(preface.length - this.#prefaceSeen, chunk.length);
    if (length === 0) return 0;
    if (chunk.compare(preface, this.#prefaceSeen, this.#prefaceSeen + length, 0, length) !== 0) {
      throw new ConnectionError(errorCode.protocol, 'bad connection preface');
    }
    this.#prefaceSeen += length;
    return length;
  }

  #begin(): void {
    const header = this.#header;
    const left = header.readUIntBE(0, 3);
    const [type, flags] = [header[3] as number, header[4] as number];
    const stream = header.readUInt32BE(5) & 0x7fffffff;
    if (left > this.#maxFrameSize) throw new ConnectionError(errorCode.frameSize, `frame of ${left} bytes`);
    this.#frame = {type, flags, stream, left, parts: []};
    if (type === frameType.data) this.#handler.dataBegins(stream, left);
  }

  #pass(frame: Partial, part: Buffer): void {
    frame.left -= part.length;
    const isStreamed = frame.type === frameType.data && !(frame.flags & flag.padded);
    if (isStreamed) {
      if (part.length > 0) this.#handler.data(frame.stream, part);
    } else if (part.length > 0) {
      // A copy: what waits for its rest must not hold the whole chunk.
      frame.parts.push(frame.left > 0 ? Buffer.from(part) : part);
    }
    if (frame.left > 0) return;
    this.#frame = undefined;
    if (!isStreamed) this.#end(frame);
    else this.#handler.dataEnds(frame.stream, (frame.flags & flag.endStream) !== 0);
  }

  #end({type, flags, stream, parts}: Partial): void {
    const payload = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    if (type !== frameType.data) {
      this.#handler.frame({type, flags, stream, payload});
      return;
    }
    const unpadded = withoutPadding(payload);
    if (unpadded.length > 0) this.#handler.data(stream, unpadded);
    this.#handler.dataEnds(stream, (flags & flag.endStream) !== 0);
  }
}

/** Of a frame with the flag that it is padded. */
export function withoutPadding(payload: Buffer): Buffer {
  const padding = payload[0];
  if (padding === undefined) throw new ConnectionError(errorCode.frameSize, 'padded frame without its length');
  if (padding >= payload.length) throw new ConnectionError(errorCode.protocol, 'more padding than payload');
  return payload.subarray(1, payload.length - padding);
}
