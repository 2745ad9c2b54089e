/** The current file of a log, and its rotation: FILE, FILE.1, FILE.2 … or FILE.1.gz … */
import {createReadStream, createWriteStream} from 'node:fs';
import {type FileHandle, mkdir, open, rename, rm, stat} from 'node:fs/promises';
import {dirname} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {createGzip} from 'node:zlib';
import type {Logger} from '@longshore/base';
import type {RotationLimits} from '../../core/logs/options/file-options.ts';
import {WriteBehind} from './write-behind.ts';

const mode = 0o640;

export class LogFile {
  readonly path: string;
  readonly #options: RotationLimits;
  #handle: FileHandle;
  #size: number;
  #inode: number;
  #cache: WriteBehind;
  /** The newest rotated file is being compressed; the next rotation waits for it. */
  #compressing: Promise<void> = Promise.resolve();
  readonly #log: Logger;

  private constructor(
    path: string,
    options: RotationLimits,
    handle: FileHandle,
    size: number,
    inode: number,
    log: Logger,
  ) {
    this.path = path;
    this.#options = options;
    this.#handle = handle;
    this.#size = size;
    this.#inode = inode;
    this.#cache = new WriteBehind(size);
    this.#log = log;
  }

  /** Opens for appending; the file and its directory are made if they are not there. */
  static async open(path: string, options: RotationLimits, log: Logger): Promise<LogFile> {
    await mkdir(dirname(path), {recursive: true, mode: 0o700});
    const handle = await open(path, 'a', mode);
    const {size, ino} = await handle.stat();
    return new LogFile(path, options, handle, size, ino, log);
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

  async append(parts: readonly Uint8Array[]): Promise<void> {
    for (let rest = parts; rest.length > 0; ) {
      const {bytesWritten} = await this.#handle.writev(rest);
      this.#size += bytesWritten;
      rest = withoutFirst(rest, bytesWritten);
    }
    this.#cache.grow(this.#handle.fd, this.#size);
  }

  /** Removes what a failed append left behind `size`. */
  async cutTo(size: number): Promise<void> {
    await this.#cache.settled();
    await this.#handle.truncate(size);
    this.#size = size;
    this.#cache = new WriteBehind(size);
  }

  /** True where a full file is emptied, as Docker does with a maximum of one file. */
  get isEmptiedWhenFull(): boolean {
    return this.#options.maximumFiles <= 1;
  }

  /** Starts a new file; the old one is compressed meanwhile. `lastTime` goes into its header, where Docker looks. */
  async rotate(lastTime: string): Promise<void> {
    if (this.isEmptiedWhenFull) return this.cutTo(0);
    await this.#compressing;
    await this.#shiftOldFiles();
    await rename(this.path, `${this.path}.1`);
    const old = this.#handle;
    this.#handle = await open(this.path, 'a', mode);
    const {size, ino} = await this.#handle.stat();
    this.#size = size;
    this.#inode = ino;
    await this.#cache.settled();
    this.#cache = new WriteBehind(size);
    await old.close();
    if (this.#options.compress) this.#compressing = this.#compress(lastTime);
  }

  /** Waits for the compression that is under way. */
  async settled(): Promise<void> {
    await this.#compressing;
  }

  async #compress(lastTime: string): Promise<void> {
    const source = `${this.path}.1`;
    const extra = Buffer.from(JSON.stringify({lastTime}));
    try {
      await pipeline(
        createReadStream(source),
        createGzip(),
        withGzipExtra(extra),
        createWriteStream(`${source}.gz.tmp`, {mode}),
      );
      await rename(`${source}.gz.tmp`, `${source}.gz`);
      await rm(source);
    } catch (error) {
      this.#log.error({error, path: source}, 'cannot compress the log');
    }
  }

  async close(): Promise<void> {
    await this.#compressing;
    await this.#cache.settled();
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

/** What is left of the parts behind so many bytes. */
function withoutFirst(parts: readonly Uint8Array[], size: number): readonly Uint8Array[] {
  let rest = size;
  for (const [index, part] of parts.entries()) {
    if (rest < part.length) return [part.subarray(rest), ...parts.slice(index + 1)];
    rest -= part.length;
  }
  return [];
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
