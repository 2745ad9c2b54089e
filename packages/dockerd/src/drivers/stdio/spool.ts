/**
 * A file between a container's FIFO and its log, so that a SIGKILL of the daemon at any instant loses nothing.
 *
 * Reading a FIFO takes bytes out of it; if the daemon dies before they are in the log, they are gone. So bytes are
 * moved from the FIFO into this file by splice(2), which takes out of the pipe exactly what it has put into the file,
 * killed or not. The offset of a byte in the spool is its position in the stream since the container's start; the
 * log's checkpoint says up to which position the records are in the log file. The next daemon goes on from there. The
 * file is sparse: blocks that the log has caught up with are given back, so it holds little, on a tmpfs as a rule.
 */
import {closeSync, constants, fstatSync, openSync, readSync} from 'node:fs';
import {punchHole, spliceToFile} from '@longshore/linux';
import {fillPiece, pieceSize} from './piece-buffer.ts';

/** Blocks are given back in pieces of this size. */
const releaseStep = 1024 * 1024;

export class Spool {
  readonly #fd: number;
  #end: number;
  #released = 0;

  /** Opens or makes the file; what an earlier daemon put in stays. */
  constructor(path: string) {
    this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    this.#end = fstatSync(this.#fd).size;
  }

  /** Position behind the last byte that came out of the FIFO. */
  get end(): number {
    return this.#end;
  }

  /** Moves what the FIFO has into the file and returns it. */
  take(fifo: number): Buffer | 'empty' | 'ended' {
    const start = this.#end;
    const count = spliceToFile(fifo, this.#fd, start, pieceSize);
    if (count === undefined) return 'empty';
    if (count === 0) return 'ended';
    this.#end += count;
    return fillPiece(target => this.#fill(target, start, count));
  }

  /** The bytes from `position` on, at most `size`. They must not have been released. */
  read(position: number, size: number): Buffer {
    const length = Math.min(size, this.#end - position);
    const buffer = Buffer.allocUnsafeSlow(length);
    this.#fill(buffer, position, length);
    return buffer;
  }

  #fill(target: Buffer, position: number, length: number): number {
    for (let at = 0; at < length; ) {
      const count = readSync(this.#fd, target, at, length - at, position + at);
      if (count === 0) throw new Error(`the spool ends at ${position + at} instead of ${this.#end}`);
      at += count;
    }
    return length;
  }

  /** Gives back the space of everything before `position`. */
  release(position: number): void {
    const whole = position - (position % releaseStep);
    if (whole <= this.#released) return;
    punchHole(this.#fd, this.#released, whole - this.#released);
    this.#released = whole;
  }

  close(): void {
    closeSync(this.#fd);
  }
}
