/** Copies of remote blobs as files, for the threads that unpack layers. Each is kept for a while after its last use. */
import {createWriteStream} from 'node:fs';
import {mkdir, rename, rm, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {KeyedMutex, randomHex} from '@longshore/base';

/** Milliseconds; longer than any unpacking waits for its thread. */
const keptMs = 10 * 60_000;

export class BlobSpool implements Disposable {
  readonly #directory: string;
  readonly #read: (digest: string) => AsyncIterable<Uint8Array>;
  readonly #locks = new KeyedMutex();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  private constructor(directory: string, read: (digest: string) => AsyncIterable<Uint8Array>) {
    this.#directory = directory;
    this.#read = read;
  }

  static async open(directory: string, read: (digest: string) => AsyncIterable<Uint8Array>): Promise<BlobSpool> {
    await rm(directory, {recursive: true, force: true});
    await mkdir(directory, {recursive: true, mode: 0o700});
    return new BlobSpool(directory, read);
  }

  /** Fetches the blob unless its copy is here. */
  async path(digest: string): Promise<string> {
    using _lock = await this.#locks.acquire(digest);
    const path = join(this.#directory, digest.replace(':', '-'));
    if (!(await stat(path).catch(() => undefined))) {
      const partial = `${path}.${randomHex(4)}`;
      try {
        await pipeline(Readable.from(this.#read(digest), {objectMode: false}), createWriteStream(partial));
        await rename(partial, path);
      } finally {
        await rm(partial, {force: true});
      }
    }
    this.#keep(path);
    return path;
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #keep(path: string): void {
    clearTimeout(this.#timers.get(path));
    const timer = setTimeout(() => {
      this.#timers.delete(path);
      void rm(path, {force: true}); // a reader that has it open reads on
    }, keptMs);
    timer.unref();
    this.#timers.set(path, timer);
  }
}
