/** One ingest on disk: `ingest/<sha256 of its key>/{data,ref,startedat,updatedat,total}`, containerd's own layout. */
import {createHash, type Hash} from 'node:crypto';
import {constants} from 'node:fs';
import {type FileHandle, link, mkdir, open, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {syncDirectory} from '@longshore/base';
import type {IngestFile, IngestFileStatus} from '../../core/content/files.ts';
import {compareTime, formatTime, fromNanoseconds, now, parseTime, type Timestamp} from '../../core/time.ts';
import {fsError, isMissing} from './fs-error.ts';
import {WriteBehind} from './write-behind.ts';

/** Bytes per read when an ingest is resumed and its data hashed again. */
const rehashChunk = 1 << 20;

export async function openIngestFile(
  directory: string,
  key: string,
  total: number,
  blobPath: (digest: string) => string,
  onClose: () => void = () => {},
): Promise<DiskIngest> {
  try {
    await mkdir(directory, {recursive: true});
    const known = await readStatus(directory);
    const startedAt = known?.startedAt ?? now();
    // Only what is new: a kill between the opening of a file and its writing would leave it empty.
    if ((await readText(join(directory, 'ref'))) !== key) await writeFile(join(directory, 'ref'), key);
    if (!known) await writeFile(join(directory, 'startedat'), formatTime(startedAt));
    if (total > 0) await writeFile(join(directory, 'total'), String(total));
    // A handle that only reads could not go on writing; O_APPEND would ignore positions.
    const file = await open(join(directory, 'data'), constants.O_RDWR | constants.O_CREAT, 0o666);
    const updatedAt = known?.updatedAt ?? startedAt;
    const parts = {directory, file, startedAt, updatedAt, total: total || (known?.total ?? 0), blobPath, onClose};
    return await DiskIngest.resume(parts);
  } catch (error) {
    throw fsError('open ingest', directory, error);
  }
}

/** Undefined when there is no ingest, or one that a crash left without data. */
export async function readStatus(directory: string): Promise<IngestFileStatus | undefined> {
  try {
    const data = await stat(join(directory, 'data'), {bigint: true});
    const started = parseTime(await readText(join(directory, 'startedat')));
    const modified = fromNanoseconds(data.mtimeNs);
    // Noted when its last writer let go of it, unless that was killed.
    const noted = parseTime(await readText(join(directory, 'updatedat')));
    const updatedAt = noted && compareTime(noted, modified) > 0 ? noted : modified;
    const total = Number(await readText(join(directory, 'total'))) || 0;
    return {offset: Number(data.size), total, startedAt: started ?? modified, updatedAt};
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw fsError('read ingest', directory, error);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
}

interface IngestParts {
  directory: string;
  file: FileHandle;
  startedAt: Timestamp;
  updatedAt: Timestamp;
  total: number;
  blobPath: (digest: string) => string;
  onClose: () => void;
}

export class DiskIngest implements IngestFile {
  readonly #directory: string;
  readonly #file: FileHandle;
  readonly #behind: WriteBehind;
  readonly #startedAt: Timestamp;
  readonly #total: number;
  readonly #blobPath: (digest: string) => string;
  readonly #onClose: () => void;
  #hash: Hash = createHash('sha256');
  #offset = 0;
  #updatedAt: Timestamp;
  #closed = false;

  private constructor(parts: IngestParts) {
    this.#directory = parts.directory;
    this.#file = parts.file;
    this.#behind = new WriteBehind(parts.file, join(parts.directory, 'data'));
    this.#startedAt = parts.startedAt;
    this.#updatedAt = parts.updatedAt;
    this.#total = parts.total;
    this.#blobPath = parts.blobPath;
    this.#onClose = parts.onClose;
  }

  static async resume(parts: IngestParts): Promise<DiskIngest> {
    const ingest = new DiskIngest(parts);
    try {
      await ingest.#rehash();
      return ingest;
    } catch (error) {
      await parts.file.close();
      throw error;
    }
  }

  status(): IngestFileStatus {
    return {offset: this.#offset, total: this.#total, startedAt: this.#startedAt, updatedAt: this.#updatedAt};
  }

  digest(): string {
    return `sha256:${this.#hash.copy().digest('hex')}`;
  }

  async write(data: Uint8Array): Promise<void> {
    const written = this.#behind.write(data, this.#offset);
    // Meanwhile: the disk has a thread of its own.
    this.#hash.update(data);
    this.#offset += data.length;
    this.#updatedAt = now();
    await written;
  }

  /** Resolves when nothing waits for the disk. */
  written(): Promise<void> {
    return this.#behind.settled();
  }

  async reset(): Promise<void> {
    await this.#behind.reset();
    await this.#file.truncate(0);
    this.#hash = createHash('sha256');
    this.#offset = 0;
  }

  async publish(): Promise<void> {
    const target = this.#blobPath(this.digest());
    await this.#behind.flush();
    try {
      await this.#file.chmod(0o444);
      await this.#file.sync();
      await this.#linkTo(target);
      await syncDirectory(dirname(target));
      await this.#close();
      await rm(this.#directory, {recursive: true, force: true});
    } catch (error) {
      throw fsError('store blob', target, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    await this.#behind.settled();
    await this.#close();
    try {
      await writeFile(join(this.#directory, 'updatedat'), formatTime(this.#updatedAt));
    } catch (error) {
      // Removed while it was open (an abort): there is nothing left to note.
      if (!isMissing(error)) throw fsError('close ingest', this.#directory, error);
    }
  }

  /** A link, not a rename: it fails when the blob exists, whose file a reader may have open. */
  async #linkTo(target: string): Promise<void> {
    try {
      await link(join(this.#directory, 'data'), target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose();
    await this.#file.close();
  }

  async #rehash(): Promise<void> {
    const buffer = Buffer.allocUnsafe(rehashChunk);
    for (;;) {
      const {bytesRead} = await this.#file.read(buffer, 0, buffer.length, this.#offset);
      if (bytesRead === 0) return;
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.#offset += bytesRead;
    }
  }
}
