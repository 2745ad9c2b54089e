/** One output of a process on its way from a FIFO to a stream of ours. */
import {closeSync, openSync} from 'node:fs';
import {sleep} from '@longshore/base';
import {O_NONBLOCK, O_RDONLY, openPipeReader, type PipeReader} from '@longshore/linux';
import {write} from '@longshore/term';

export class OutputCopy implements Disposable {
  readonly #fd: number;
  #reader: PipeReader | undefined;
  #copied: Promise<void> = Promise.resolve();
  #ended = false;
  /** Since when the FIFO has been empty, in milliseconds of performance.now(); undefined while there is something. */
  #emptySince: number | undefined;

  /** Opens the FIFO, which must be done before its writer does: nothing that is written later is lost. */
  constructor(path: string) {
    this.#fd = openSync(path, O_RDONLY | O_NONBLOCK);
  }

  start(to: NodeJS.WriteStream): void {
    this.#reader = openPipeReader(this.#fd);
    this.#copied = this.#copy(this.#reader, to);
    this.#copied.catch(() => {}); // settle() throws it
  }

  async #copy(reader: PipeReader, to: NodeJS.WriteStream): Promise<void> {
    try {
      const chunks = reader[Symbol.asyncIterator]();
      for (;;) {
        this.#emptySince = performance.now();
        const next = await chunks.next();
        this.#emptySince = undefined;
        if (next.done) return;
        await write(to, next.value);
      }
    } finally {
      this.#ended = true;
    }
  }

  /**
   * Resolves when every writer has closed the FIFO and all of it was shown, or when it has been empty for `emptyMs`:
   * a process that outlives the one that was waited for may hold it open for ever. However slow our reader is, what
   * is in the FIFO is shown first.
   */
  async settle(emptyMs: number): Promise<void> {
    const start = performance.now();
    while (!this.#ended) {
      const since = this.#emptySince;
      const empty = since === undefined ? 0 : performance.now() - Math.max(since, start);
      if (empty >= emptyMs) return;
      await Promise.race([this.#copied, sleep(Math.max(1, emptyMs - empty))]);
    }
    await this.#copied;
  }

  [Symbol.dispose](): void {
    if (this.#reader) this.#reader.close();
    else closeSync(this.#fd);
  }
}
