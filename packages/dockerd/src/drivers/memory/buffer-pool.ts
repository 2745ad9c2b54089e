/**
 * Buffers of one size that are used again and again. Memory that the kernel has to hand out costs more than what output
 * needs to pass through it.
 */

/** After so long without use the memory is given back. */
const idleMs = 5000;

export class BufferPool {
  readonly #size: number;
  readonly #maximum: number;
  readonly #spare: Buffer[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isUsed = false;

  /** Of `size` bytes each; at most `maximum` of them are kept. */
  constructor(size: number, maximum: number) {
    this.#size = size;
    this.#maximum = maximum;
  }

  /** The caller owns it, and may keep it. */
  take(): Buffer {
    this.#isUsed = true;
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#size);
  }

  /** Nobody has any part of the buffer in use. Gets a part of any buffer: those that are not from here are let go. */
  give(part: Buffer): void {
    if (part.buffer.byteLength !== this.#size || this.#spare.length === this.#maximum) return;
    this.#spare.push(Buffer.from(part.buffer as ArrayBuffer));
    this.#timer ??= setInterval(() => this.#releaseIdle(), idleMs).unref();
  }

  #releaseIdle(): void {
    if (!this.#isUsed) {
      this.#spare.length = 0;
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    this.#isUsed = false;
  }
}
