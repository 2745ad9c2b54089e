/**
 * Files of blobs that are being read, kept open a moment longer: the original's clients read a blob by a call for every
 * 32 KiB of it. Blobs never change, so an open file is as good as the path.
 */
import {type FileHandle, open} from 'node:fs/promises';
import {EngineError} from '@longshore/errdefs';
import {fsError, isMissing} from './fs-error.ts';

type Entry = {file: Promise<FileHandle>; users: number; timer: NodeJS.Timeout | undefined};

const idleMs = 500;
const maxIdle = 64;

export class OpenBlobs {
  readonly #entries = new Map<string, Entry>();

  /** Dispose the result when it is not read any more. Throws not-found. */
  async open(path: string, digest: string): Promise<{file: FileHandle} & Disposable> {
    const entry = this.#entries.get(path) ?? {file: open(path, 'r'), users: 0, timer: undefined};
    this.#entries.set(path, entry);
    clearTimeout(entry.timer);
    entry.users++;
    try {
      const file = await entry.file;
      return {file, [Symbol.dispose]: () => this.#release(path, entry)};
    } catch (error) {
      if (this.#entries.get(path) === entry) this.#entries.delete(path);
      if (isMissing(error)) throw new EngineError('not-found', `content ${digest}: not found`, {cause: error});
      throw fsError('open', path, error);
    }
  }

  /** Of a file that is about to be removed: its space is wanted. Who reads it reads on. */
  forget(path: string): void {
    const entry = this.#entries.get(path);
    if (!entry) return;
    this.#entries.delete(path);
    if (entry.users === 0) close(entry);
  }

  #release(path: string, entry: Entry): void {
    if (--entry.users > 0) return;
    if (this.#entries.get(path) !== entry || this.#entries.size > maxIdle) {
      if (this.#entries.get(path) === entry) this.#entries.delete(path);
      close(entry);
      return;
    }
    entry.timer = setTimeout(() => this.forget(path), idleMs);
    entry.timer.unref();
  }
}

function close(entry: Entry): void {
  clearTimeout(entry.timer);
  // A file that was read has nothing left to fail with.
  entry.file.then(file => file.close()).catch(() => {});
}
