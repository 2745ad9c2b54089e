/** Our standard input on its way into the FIFO of a process. */
import {closeSync, openSync} from 'node:fs';
import {O_NONBLOCK, O_RDWR, openPipeWriter, type PipeWriter} from '@longshore/linux';
import {DetachDetector} from '@longshore/term';

export class InputCopy implements Disposable {
  readonly #fd: number;
  #writer: PipeWriter | undefined;

  /** Opened for reading and writing: opening a FIFO for writing alone fails while nobody reads it. */
  constructor(path: string) {
    this.#fd = openSync(path, O_RDWR | O_NONBLOCK);
  }

  /**
   * Copies until standard input has ended, then calls `onEnd`; `onDetach` instead when the keys to detach were typed.
   * What the process does not read any more is dropped with it.
   */
  async copy(keys: Buffer, onEnd: () => Promise<void>, onDetach: () => void): Promise<void> {
    const writer = openPipeWriter(this.#fd);
    this.#writer = writer;
    const detector = keys.length > 0 ? new DetachDetector(keys) : undefined;
    try {
      for await (const chunk of standardInput()) {
        const {pass, isDetached} = detector?.push(chunk) ?? {pass: chunk, isDetached: false};
        if (pass.length > 0) await writer.write(pass);
        if (isDetached) return onDetach();
      }
      await writer.end();
    } catch {
      writer.close(); // the process has gone and nobody reads any more
    }
    await onEnd().catch(() => {}); // it has gone: no input to close
  }

  [Symbol.dispose](): void {
    if (this.#writer) this.#writer.close();
    else closeSync(this.#fd);
  }
}

/** A standard input that cannot be read (closed by the caller, or a directory) has ended. */
async function* standardInput(): AsyncGenerator<Buffer, void, void> {
  try {
    yield* process.stdin as AsyncIterable<Buffer>;
  } catch {
    // nothing more comes
  }
}
