/**
 * Takes apart the multiplexed stream of a container without a terminal: frames of an 8-byte head (stream number, three
 * zero bytes, length as uint32 big-endian) and their data.
 */

export type FrameStream = 'stdin' | 'stdout' | 'stderr' | 'system';
export interface Frame {
  stream: FrameStream;
  data: Buffer;
}

const streams: readonly FrameStream[] = ['stdin', 'stdout', 'stderr', 'system'];
const headLength = 8;

/** Gives pieces of frames as soon as their bytes are there; a frame need not be whole. */
export class FrameParser {
  #head = Buffer.alloc(0);
  #stream: FrameStream = 'stdout';
  #left = 0;

  /** Throws when the bytes are no frames. */
  *push(chunk: Buffer): Generator<Frame> {
    for (let rest = chunk; rest.length > 0; ) {
      if (this.#left === 0) {
        rest = this.#readHead(rest);
        continue;
      }
      const data = rest.subarray(0, this.#left);
      this.#left -= data.length;
      rest = rest.subarray(data.length);
      yield {stream: this.#stream, data};
    }
  }

  /** Collects the head, which may come in pieces; returns what follows it. */
  #readHead(chunk: Buffer): Buffer {
    const missing = headLength - this.#head.length;
    this.#head = Buffer.concat([this.#head, chunk.subarray(0, missing)]);
    if (this.#head.length < headLength) return Buffer.alloc(0);
    const stream = streams[this.#head[0]!];
    if (!stream) throw new Error(`Unrecognized input header: ${this.#head[0]}`);
    this.#stream = stream;
    this.#left = this.#head.readUInt32BE(4);
    this.#head = Buffer.alloc(0);
    return chunk.subarray(missing);
  }
}
