/** The files of a log, opened together so that a rotation meanwhile takes none of them away. */
import {type FileHandle, open, stat} from 'node:fs/promises';
import {createGunzip} from 'node:zlib';

const chunkSize = 64 * 1024;
/** A log that rotates faster than its files can be opened is read with what could be opened. */
const attempts = 5;

/** One file of a log. */
export class OpenLogFile {
  readonly handle: FileHandle;
  readonly #compressed: boolean;

  constructor(handle: FileHandle, compressed: boolean) {
    this.handle = handle;
    this.#compressed = compressed;
  }

  /** The whole content, unpacked. */
  async *chunks(): AsyncGenerator<Buffer, void, void> {
    if (!this.#compressed) return yield* this.#raw();
    yield* this.handle.createReadStream({start: 0, autoClose: false}).pipe(createGunzip()) as AsyncIterable<Buffer>;
  }

  async *#raw(): AsyncGenerator<Buffer, void, void> {
    for (let offset = 0; ; ) {
      const {bytesRead, buffer} = await this.handle.read(Buffer.allocUnsafeSlow(chunkSize), 0, chunkSize, offset);
      if (bytesRead === 0) return;
      offset += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
}

export class OpenLogFiles implements AsyncDisposable {
  /** Undefined when nothing has been written ever. */
  readonly current: OpenLogFile | undefined;
  /** Newest first. */
  readonly rotated: readonly OpenLogFile[];

  private constructor(current: OpenLogFile | undefined, rotated: readonly OpenLogFile[]) {
    this.current = current;
    this.rotated = rotated;
  }

  /** Tries again when a rotation came in between: the files would not fit together. */
  static async open(path: string, maximumFiles: number): Promise<OpenLogFiles> {
    for (let attempt = 1; ; attempt++) {
      const current = await openIfPresent(path);
      const files = new OpenLogFiles(current && new OpenLogFile(current, false), await openRotated(path, maximumFiles));
      if (!current || attempt === attempts || (await current.stat()).ino === (await inodeOf(path))) return files;
      await files[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = this.current ? [this.current, ...this.rotated] : this.rotated;
    await Promise.all(all.map(({handle}) => handle.close()));
  }
}

async function openRotated(path: string, maximumFiles: number): Promise<OpenLogFile[]> {
  const found: OpenLogFile[] = [];
  for (let number = 1; number < maximumFiles; number++) {
    const plain = await openIfPresent(`${path}.${number}`);
    const handle = plain ?? (await openIfPresent(`${path}.${number}.gz`));
    if (!handle) break;
    found.push(new OpenLogFile(handle, !plain));
  }
  return found;
}

async function openIfPresent(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function inodeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ino}) => ino,
    () => undefined,
  );
}
