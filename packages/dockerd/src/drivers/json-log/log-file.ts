/** The current file of a json-file log, and its rotation: FILE, FILE.1, FILE.2 … or FILE.1.gz … */
import {createReadStream, createWriteStream} from 'node:fs';
import {type FileHandle, open, rename, rm, stat} from 'node:fs/promises';
import {pipeline} from 'node:stream/promises';
import {createGzip} from 'node:zlib';

export interface RotationOptions {
  /** Bytes; undefined for no limit. */
  maximumSize: number | undefined;
  /** Files in all, the current one included. */
  maximumFiles: number;
  compress: boolean;
}

const mode = 0o640;

export class LogFile {
  readonly path: string;
  readonly #options: RotationOptions;
  #handle: FileHandle;
  #size: number;
  #inode: number;

  private constructor(path: string, options: RotationOptions, handle: FileHandle, size: number, inode: number) {
    this.path = path;
    this.#options = options;
    this.#handle = handle;
    this.#size = size;
    this.#inode = inode;
  }

  /** Opens for appending; the file is made if it is not there. */
  static async open(path: string, options: RotationOptions): Promise<LogFile> {
    const handle = await open(path, 'a', mode);
    const {size, ino} = await handle.stat();
    return new LogFile(path, options, handle, size, ino);
  }

  get size(): number {
    return this.#size;
  }

  get inode(): number {
    return this.#inode;
  }

  /** True when a record may not be added to a file of `size` bytes any more. */
  isFull(size: number): boolean {
    return this.#options.maximumSize !== undefined && size >= this.#options.maximumSize;
  }

  async append(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length; ) {
      const {bytesWritten} = await this.#handle.write(data, at, data.length - at);
      at += bytesWritten;
      this.#size += bytesWritten;
    }
  }

  /** Removes what a failed append left behind `size`. */
  async cutTo(size: number): Promise<void> {
    await this.#handle.truncate(size);
    this.#size = size;
  }

  /** Starts a new file. With a maximum of one file the current one is emptied, as Docker does. */
  async rotate(): Promise<void> {
    if (this.#options.maximumFiles <= 1) {
      await this.cutTo(0);
      return;
    }
    await this.#shiftOldFiles();
    await rename(this.path, `${this.path}.1`);
    const old = this.#handle;
    this.#handle = await open(this.path, 'a', mode);
    const {size, ino} = await this.#handle.stat();
    this.#size = size;
    this.#inode = ino;
    await old.close();
  }

  /** Compresses the newest rotated file, if that is wanted. `lastTime` goes into the header, where Docker looks. */
  async compressRotated(lastTime: string): Promise<void> {
    if (!this.#options.compress || this.#options.maximumFiles <= 1) return;
    const source = `${this.path}.1`;
    const extra = Buffer.from(JSON.stringify({lastTime}));
    await pipeline(
      createReadStream(source),
      createGzip(),
      withGzipExtra(extra),
      createWriteStream(`${source}.gz.tmp`, {mode}),
    );
    await rename(`${source}.gz.tmp`, `${source}.gz`);
    await rm(source);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #shiftOldFiles(): Promise<void> {
    const suffixes = this.#options.compress ? ['', '.gz'] : [''];
    for (let number = this.#options.maximumFiles - 1; number >= 1; number--) {
      for (const suffix of suffixes) {
        const from = `${this.path}.${number}${suffix}`;
        if (number === this.#options.maximumFiles - 1) await rm(from, {force: true});
        else if (await exists(from)) await rename(from, `${this.path}.${number + 1}${suffix}`);
      }
    }
  }
}

/** Sets FEXTRA in the ten-byte header that zlib writes, and puts the field behind it (RFC 1952). */
function withGzipExtra(extra: Buffer) {
  return async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let head: Buffer | undefined = Buffer.alloc(0);
    for await (const chunk of source) {
      if (!head) {
        yield chunk;
        continue;
      }
      head = Buffer.concat([head, chunk]);
      if (head.length < 10) continue;
      const length = Buffer.alloc(2);
      length.writeUInt16LE(extra.length);
      head[3] = (head[3] as number) | 4;
      yield Buffer.concat([head.subarray(0, 10), length, extra, head.subarray(10)]);
      head = undefined;
    }
  };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
