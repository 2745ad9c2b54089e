/** A buffer that grows while records are encoded into it, is handed over to be written, and comes back afterwards. */
import {BufferPool} from '../memory/buffer-pool.ts';

/** For a log that says little. */
const small = 64 * 1024;
/** For one that says much: the largest write. */
export const largeOutput = 1024 * 1024;
const large = new BufferPool(largeOutput, 8);

export class OutputBuffer {
  /** Write from `length` on, after `reserve`. */
  bytes: Buffer = Buffer.alloc(0);
  length = 0;
  #spare: Buffer | undefined;

  /** Makes room for so many bytes more. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const old = this.bytes;
    this.bytes = this.#ofSize(needed);
    old.copy(this.bytes, 0, 0, this.length);
    large.give(old);
  }

  #ofSize(size: number): Buffer {
    if (size > largeOutput) return Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, size));
    return size <= small ? Buffer.allocUnsafeSlow(small) : large.take();
  }

  /** What has been written; it belongs to the caller. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.length);
    this.bytes = this.#spare ?? Buffer.alloc(0);
    this.#spare = undefined;
    this.length = 0;
    return taken;
  }

  /** Gives back what `take` gave, to be used again. */
  recycle(taken: Buffer): void {
    if (taken.buffer.byteLength !== small) large.give(taken);
    else if (this.bytes.length === 0) this.bytes = Buffer.from(taken.buffer as ArrayBuffer);
    else this.#spare = Buffer.from(taken.buffer as ArrayBuffer);
  }

  /** Nothing more comes for now: an idle log keeps no memory. */
  release(): void {
    this.#spare = undefined;
    if (this.length > 0) return;
    large.give(this.bytes);
    this.bytes = Buffer.alloc(0);
  }
}
