/** Reads logs across rotated files, compressed or not, and follows one that is being written. */
import type {FileHandle} from 'node:fs/promises';
import type {LogEntry} from '../../core/logs/log-entry.ts';
import type {LogQuery, LogReader} from '../../core/ports/log-driver.ts';
import type {FileLogWriter} from './file-log-writer.ts';
import type {LogFollower} from './log-follower.ts';
import {type OpenLogFile, OpenLogFiles} from './open-files.ts';
import type {RecordDecoder, RecordFormat} from './record-format.ts';

const chunkSize = 64 * 1024;

export class FileLogReader implements LogReader {
  readonly #path: string;
  readonly #maximumFiles: number;
  readonly #format: RecordFormat;
  readonly #writer: FileLogWriter | undefined;

  /** `writer` is that of the running container, for `follow`. */
  constructor(path: string, maximumFiles: number, format: RecordFormat, writer: FileLogWriter | undefined) {
    this.#path = path;
    this.#maximumFiles = maximumFiles;
    this.#format = format;
    this.#writer = writer;
  }

  async *read(query: LogQuery): AsyncGenerator<LogEntry[], void, void> {
    await this.#writer?.flushed();
    for await (const records of this.#records(query)) {
      const entries: LogEntry[] = [];
      let isOver = false;
      for (const entry of records) {
        if (!entry || (query.since !== undefined && entry.timeNano < query.since)) continue;
        isOver = query.until !== undefined && entry.timeNano > query.until;
        if (isOver) break;
        if (query.streams.has(entry.stream)) entries.push(entry);
      }
      if (entries.length > 0) yield entries;
      if (isOver) return;
    }
  }

  async *#records(query: LogQuery): AsyncGenerator<(LogEntry | undefined)[], void, void> {
    // Registered before the files are opened: no rotation between the two is missed.
    await using follower = query.follow ? this.#writer?.follow() : undefined;
    await using files = await OpenLogFiles.open(this.#path, this.#maximumFiles);
    const {current} = files;
    if (!current) return;
    const {offset, older} = await this.#findStart(files, query.tail);
    for (const {file, skip} of older) {
      yield* afterSkipping(file.chunks(), this.#format.decoder(), skip);
      if (query.signal.aborted) return;
    }
    yield* this.#current(current.handle, offset, follower, query);
  }

  async *#current(first: FileHandle, offset: number, follower: LogFollower | undefined, {signal}: LogQuery) {
    let file = new CurrentFile(first, this.#format.decoder(), offset);
    try {
      for (;;) {
        for (let records = await file.next(); records; records = await file.next()) {
          if (records.length > 0) yield records;
          if (signal.aborted) return;
        }
        if (!follower) return;
        if (follower.takeEmptied()) {
          file = new CurrentFile(file.handle, this.#format.decoder(), 0);
          continue;
        }
        const isOver = follower.isOver;
        const next = await this.#nextFile(file, follower);
        if (next) {
          // What was written between the end that was seen and the rotation.
          for (let rest = await file.next(); rest; rest = await file.next()) yield rest;
          if (file.handle !== first) await file.handle.close();
          file = next;
        } else if (await file.hasMore()) continue;
        else if (isOver || signal.aborted) return;
        else await follower.changed(signal);
      }
    } finally {
      if (file.handle !== first) await file.handle.close();
    }
  }

  /** A rotation that happened while the files were being opened may tell of the file that is read already. */
  async #nextFile(file: CurrentFile, follower: LogFollower): Promise<CurrentFile | undefined> {
    for (let handle = follower.nextFile(); handle; handle = follower.nextFile()) {
      if ((await handle.stat()).ino !== (await file.handle.stat()).ino) {
        return new CurrentFile(handle, this.#format.decoder(), 0);
      }
      await handle.close();
    }
    return undefined;
  }

  /** Which older files to read first, from which of their records on, and where to begin in the current one. */
  async #findStart({current, rotated}: OpenLogFiles, tail: number | undefined) {
    if (!current) return {offset: 0, older: []};
    if (tail === undefined) return {offset: 0, older: rotated.toReversed().map(file => ({file, skip: 0}))};
    const size = (await current.handle.stat()).size;
    if (tail === 0) return {offset: size, older: []};
    const {offset, records} = await this.#format.findTail(current.handle, size, tail);
    const older: {file: OpenLogFile; skip: number}[] = [];
    let missing = tail - records;
    for (const file of rotated) {
      if (missing <= 0) break;
      const count = await countRecords(file.chunks(), this.#format.decoder());
      older.unshift({file, skip: Math.max(0, count - missing)});
      missing -= count;
    }
    return {offset, older};
  }
}

/** The file that may still grow. */
class CurrentFile {
  readonly handle: FileHandle;
  readonly #decoder: RecordDecoder;
  readonly #buffer = Buffer.allocUnsafeSlow(chunkSize);
  #offset: number;

  constructor(handle: FileHandle, decoder: RecordDecoder, offset: number) {
    this.handle = handle;
    this.#decoder = decoder;
    this.#offset = offset;
  }

  /** The records of the next piece, maybe none; undefined at the end of what has been written so far. */
  async next(): Promise<(LogEntry | undefined)[] | undefined> {
    const {bytesRead} = await this.handle.read(this.#buffer, 0, chunkSize, this.#offset);
    if (bytesRead === 0) return undefined;
    this.#offset += bytesRead;
    // A copy: records may be parts of it, and outlive the next read.
    return this.#decoder.push(Buffer.from(this.#buffer.subarray(0, bytesRead)));
  }

  async hasMore(): Promise<boolean> {
    return (await this.handle.stat()).size > this.#offset;
  }
}

async function* afterSkipping(
  chunks: AsyncIterable<Buffer>,
  decoder: RecordDecoder,
  skip: number,
): AsyncGenerator<(LogEntry | undefined)[], void, void> {
  let missing = skip;
  for await (const chunk of chunks) {
    const records = decoder.push(chunk);
    const wanted = records.slice(missing);
    missing = Math.max(0, missing - records.length);
    if (wanted.length > 0) yield wanted;
  }
}

async function countRecords(chunks: AsyncIterable<Buffer>, decoder: RecordDecoder): Promise<number> {
  let count = 0;
  for await (const chunk of chunks) count += decoder.push(chunk).length;
  return count;
}
