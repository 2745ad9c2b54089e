/** A buffer that grows while records are encoded into it, is handed over to be written, and comes back afterwards. */

const smallest = 64 * 1024;

export class OutputBuffer {
  /** Write from `length` on, after `reserve`. */
  bytes: Buffer = Buffer.alloc(0);
  length = 0;
  #spare: Buffer | undefined;

  /** Makes room for so many bytes more. */
  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const size = Math.max(this.bytes.length * 2, this.length + more, smallest);
    const grown = Buffer.allocUnsafeSlow(size);
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  /** What has been written; it belongs to the caller. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.length);
    this.bytes = this.#spare ?? Buffer.alloc(0);
    this.#spare = undefined;
    this.length = 0;
    return taken;
  }

  /** Gives back what `take` gave, to be used again: fresh memory costs more than the encoding. */
  recycle(taken: Buffer): void {
    const whole = Buffer.from(taken.buffer, taken.byteOffset);
    if (this.bytes.length === 0) this.bytes = whole;
    else this.#spare = whole;
  }

  /** Nothing more comes for now: an idle log keeps no memory. */
  release(): void {
    this.#spare = undefined;
    if (this.length === 0) this.bytes = Buffer.alloc(0);
  }
}
