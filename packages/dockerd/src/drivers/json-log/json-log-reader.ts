/** Reads json-file logs across rotated files, and follows one that is being written. */
import {createReadStream} from 'node:fs';
import {type FileHandle, open, stat} from 'node:fs/promises';
import {createInterface} from 'node:readline';
import {createGunzip} from 'node:zlib';
import type {LogEntry} from '../../core/logs/log-entry.ts';
import type {LogQuery, LogReader} from '../../core/ports/log-driver.ts';
import {parseNano} from '../../core/time.ts';
import type {JsonLogWriter} from './json-log-writer.ts';
import {findTail, LineReader} from './line-reader.ts';

type RotatedFile = {path: string; compressed: boolean};

export class JsonLogReader implements LogReader {
  readonly #path: string;
  readonly #maximumFiles: number;
  readonly #writer: JsonLogWriter | undefined;

  /** `writer` is that of the running container, for `follow`. */
  constructor(path: string, maximumFiles: number, writer: JsonLogWriter | undefined) {
    this.#path = path;
    this.#maximumFiles = maximumFiles;
    this.#writer = writer;
  }

  async *read(query: LogQuery): AsyncGenerator<LogEntry[], void, void> {
    await this.#writer?.flushed();
    for await (const lines of this.#lines(query)) {
      const entries: LogEntry[] = [];
      let isOver = false;
      for (const line of lines) {
        const entry = parseRecord(line);
        if (!entry || (query.since !== undefined && entry.timeNano < query.since)) continue;
        isOver = query.until !== undefined && entry.timeNano > query.until;
        if (isOver) break;
        if (query.streams.has(entry.stream)) entries.push(entry);
      }
      if (entries.length > 0) yield entries;
      if (isOver) return;
    }
  }

  async *#lines(query: LogQuery): AsyncGenerator<string[], void, void> {
    const current = await openIfPresent(this.#path);
    if (!current) return;
    let handle = current;
    try {
      const {offset, older} = await this.#findStart(handle, query.tail);
      for (const {file, skip} of older) yield* readRotated(file, skip);
      let reader = new LineReader(handle, offset);
      for (;;) {
        for (let lines = await reader.next(); lines.length > 0; lines = await reader.next()) {
          yield lines;
          if (query.signal.aborted) return;
        }
        if (!query.follow || !this.#writer) return;
        const next = await this.#nextFile(handle, reader);
        if (next === 'wait') {
          if (this.#writer.isClosed || query.signal.aborted) return;
          await this.#writer.changed(query.signal);
        } else if (next) {
          await handle.close();
          handle = next;
          reader = new LineReader(handle);
        }
      }
    } finally {
      await handle.close();
    }
  }

  /** Which older files to read first, from which of their lines on, and where to begin in the current one. */
  async #findStart(current: FileHandle, tail: number | undefined) {
    const older: {file: RotatedFile; skip: number}[] = [];
    if (tail === 0) return {offset: (await current.stat()).size, older};
    if (tail === undefined) {
      for (const file of await this.#rotatedFiles()) older.unshift({file, skip: 0});
      return {offset: 0, older};
    }
    const {offset, lines} = await findTail(current, (await current.stat()).size, tail);
    let missing = tail - lines;
    for (const file of await this.#rotatedFiles()) {
      if (missing <= 0) break;
      const count = await countLines(file);
      older.unshift({file, skip: Math.max(0, count - missing)});
      missing -= count;
    }
    return {offset, older};
  }

  /** Newest first. */
  async #rotatedFiles(): Promise<RotatedFile[]> {
    const found: RotatedFile[] = [];
    for (let number = 1; number < this.#maximumFiles; number++) {
      const path = `${this.#path}.${number}`;
      if (await exists(path)) found.push({path, compressed: false});
      else if (await exists(`${path}.gz`)) found.push({path: `${path}.gz`, compressed: true});
      else break;
    }
    return found;
  }

  /**
   * At the end of a file: the one to go on with after a rotation, undefined when there is more in this one, or
   * `wait`. An emptied file (a maximum of one) is read from its beginning.
   */
  async #nextFile(handle: FileHandle, reader: LineReader): Promise<FileHandle | 'wait' | undefined> {
    const [own, newest] = await Promise.all([handle.stat(), stat(this.#path)]);
    if (own.ino === newest.ino) {
      if (own.size > reader.offset) return undefined;
      if (own.size === reader.offset) return 'wait';
      reader.restart();
      return undefined;
    }
    if (own.size > reader.offset) return undefined;
    let path = this.#path;
    for (let number = 1; number < this.#maximumFiles; number++) {
      const rotated = `${this.#path}.${number}`;
      const found = await stat(rotated).catch(() => undefined);
      if (found?.ino === own.ino) break;
      if (found) path = rotated;
    }
    return open(path, 'r');
  }
}

/** One line of the file; undefined when it is damaged, which must not hide the lines behind it. */
export function parseRecord(line: string): LogEntry | undefined {
  try {
    const {log, stream, time, attrs} = JSON.parse(line);
    const timeNano = typeof time === 'string' ? parseNano(time) : undefined;
    if (typeof log !== 'string' || timeNano === undefined || (stream !== 'stdout' && stream !== 'stderr'))
      return undefined;
    return {stream, line: Buffer.from(log), timeNano, ...(attrs ? {attributes: attrs} : {})};
  } catch {
    return undefined;
  }
}

/** Lines at a time of a rotated file. */
const rotatedBatch = 256;

async function* readRotated(file: RotatedFile, skip: number): AsyncGenerator<string[], void, void> {
  let number = 0;
  let batch: string[] = [];
  for await (const line of linesOf(file)) {
    if (number++ < skip) continue;
    batch.push(line);
    if (batch.length < rotatedBatch) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function countLines(file: RotatedFile): Promise<number> {
  let count = 0;
  for await (const _line of linesOf(file)) count++;
  return count;
}

function linesOf({path, compressed}: RotatedFile): AsyncIterable<string> {
  const raw = createReadStream(path);
  return createInterface({input: compressed ? raw.pipe(createGunzip()) : raw, crlfDelay: Number.POSITIVE_INFINITY});
}

async function openIfPresent(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
