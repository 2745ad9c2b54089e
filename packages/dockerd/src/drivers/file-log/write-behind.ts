/**
 * Keeps a log that grows fast from filling the memory of the machine with what nobody reads soon: what has been written
 * goes to the disk early, and leaves the cache when it is there. The memory is used for what is written next, which is
 * also several times faster than memory that has not been in use before.
 */
import {dropCached} from '@longshore/linux';

/** The disk is told after so many bytes. */
const step = 8 * 1024 * 1024;
/** And once more of those before, which have reached it by then. */
const reach = 40 * 1024 * 1024;

export class WriteBehind {
  #told: number;
  #telling: Promise<void> | undefined;

  /** For a file that has `size` bytes already. */
  constructor(size: number) {
    this.#told = size;
  }

  /** The file has `size` bytes now. A disk that is slow is not waited for. */
  grow(fd: number, size: number): void {
    if (this.#telling || size - this.#told < step) return;
    const start = Math.max(0, this.#told + step - reach);
    this.#told = size;
    this.#telling = dropCached(fd, start, size - start).finally(() => {
      this.#telling = undefined;
    });
  }

  /** Wait for it before the file is closed. */
  async settled(): Promise<void> {
    await this.#telling;
  }
}
