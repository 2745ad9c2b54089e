/** What a writer tells one reader that follows the log. */
import type {EventEmitter} from 'node:events';
import type {FileHandle} from 'node:fs/promises';

/** The writer's side. */
interface Source {
  isClosed(): boolean;
  left(): void;
}

export class LogFollower implements AsyncDisposable {
  readonly #changes: EventEmitter;
  readonly #source: Source;
  readonly #capacity: number;
  readonly #files: FileHandle[] = [];
  #emptied = false;

  /** A reader that is `capacity` files behind loses the oldest of them, as the log itself has. */
  constructor(changes: EventEmitter, capacity: number, source: Source) {
    this.#changes = changes;
    this.#capacity = capacity;
    this.#source = source;
  }

  /** True when nothing will be written any more. */
  get isOver(): boolean {
    return this.#source.isClosed();
  }

  /** A new file was begun; without one the old one was emptied. The handle belongs to the follower now. */
  rotated(file: FileHandle | undefined): void {
    if (!file) {
      this.#emptied = true;
      return;
    }
    this.#files.push(file);
    if (this.#files.length > this.#capacity) void this.#files.shift()?.close();
  }

  /** The file behind the one that has been read to its end; the caller closes it. */
  nextFile(): FileHandle | undefined {
    return this.#files.shift();
  }

  /** True once after the file was emptied. */
  takeEmptied(): boolean {
    const was = this.#emptied;
    this.#emptied = false;
    return was;
  }

  /** Resolves when records have been written, or the writer is closed, since the call; or `signal` aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const done = () => {
        this.#changes.off('change', done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      if (signal.aborted || this.isOver || this.#files.length > 0 || this.#emptied) return resolve();
      this.#changes.on('change', done);
      signal.addEventListener('abort', done);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#source.left();
    await Promise.all(this.#files.splice(0).map(file => file.close()));
  }
}
