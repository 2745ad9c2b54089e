/** Writes a log into files: batches what comes in while the last write runs, rotates, and tells those who follow. */
import {EventEmitter} from 'node:events';
import {type FileHandle, open} from 'node:fs/promises';
import type {Logger} from '@longshore/base';
import {LineClock} from '../../core/logs/line-clock.ts';
import {LineTracker} from '../../core/logs/line-tracker.ts';
import type {StreamName} from '../../core/logs/log-entry.ts';
import type {RotationLimits} from '../../core/logs/options/file-options.ts';
import type {RecordBatch} from '../../core/logs/record-batch.ts';
import type {LogWriter, StreamPositions} from '../../core/ports/log-driver.ts';
import {formatNano} from '../../core/time.ts';
import {LogFile} from './log-file.ts';
import {LogFollower} from './log-follower.ts';
import {largeOutput} from './output-buffer.ts';
import type {RecordEncoder, RecordFormat} from './record-format.ts';

export interface FileLogOptions extends RotationLimits {
  format: RecordFormat;
  attributes: Readonly<Record<string, string>> | undefined;
}

/** Where the log stands: a file by its inode, its size, and the stream positions that are in it. */
export interface LogCheckpoint {
  inode: number;
  size: number;
  positions: StreamPositions;
}

const complaintIntervalMs = 10_000;
const lineFeed = 10;

type Batch = {data: Buffer; positions: StreamPositions; endsFile: boolean; lastTime: bigint};
type SaveCheckpoint = (checkpoint: LogCheckpoint) => void;

export class FileLogWriter implements LogWriter {
  readonly #file: LogFile;
  readonly #maximumFiles: number;
  readonly #encoder: RecordEncoder;
  readonly #log: Logger;
  readonly #save: SaveCheckpoint;
  readonly #batches: Batch[] = [];
  readonly #changes = new EventEmitter();
  readonly #followers = new Set<LogFollower>();
  readonly #lines = new LineTracker();
  readonly #clock = new LineClock();
  #positions: StreamPositions;
  /** Size that the current file will have when everything before has been written. */
  #plannedSize: number;
  #backlog = 0;
  #lastTime = 0n;
  #writing: Promise<void> | undefined;
  #closed = false;
  #complainedAt = 0;
  #lostBytes = 0;

  private constructor(
    file: LogFile,
    options: FileLogOptions,
    positions: StreamPositions,
    save: SaveCheckpoint,
    log: Logger,
  ) {
    this.#file = file;
    this.#maximumFiles = options.maximumFiles;
    this.#encoder = options.format.encoder(options.attributes);
    this.#positions = positions;
    this.#plannedSize = file.size;
    this.#save = save;
    this.#log = log;
    this.#changes.setMaxListeners(0);
    this.#saveCheckpoint(positions);
  }

  /** `save` is called whenever records have reached the file, before anyone is told. */
  static async open(
    path: string,
    options: FileLogOptions,
    positions: StreamPositions,
    save: SaveCheckpoint,
    log: Logger,
  ): Promise<FileLogWriter> {
    return new FileLogWriter(await LogFile.open(path, options, log), options, {...positions}, save, log);
  }

  get backlog(): number {
    return this.#backlog + this.#encoder.output.length;
  }

  readonly copies = true;

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Dispose it when the reading is over. What is written from now on is seen through it. */
  follow(): LogFollower {
    const follower = new LogFollower(this.#changes, this.#maximumFiles, {
      isClosed: () => this.#closed,
      left: () => this.#followers.delete(follower),
    });
    this.#followers.add(follower);
    return follower;
  }

  append(stream: StreamName, batch: RecordBatch, position: number): void {
    this.#clock.update();
    for (let next = 0; next < batch.ends.length; ) next = this.#add(stream, batch, next, position);
    this.#positions[stream] = position;
    if (this.#encoder.output.length >= largeOutput / 2) this.#cutBatch(false);
    this.#writing ??= this.#writeAll();
  }

  /** Encodes the record of number `first`, and those behind it where nothing speaks against it; returns the next. */
  #add(stream: StreamName, batch: RecordBatch, first: number, position: number): number {
    const {data, start, ends} = batch;
    const [from, to] = [first === 0 ? start : (ends[first - 1] as number), ends[ends.length - 1] as number];
    if (this.#file.isFull(this.#plannedSize)) {
      // What was encoded so far ends here.
      this.#positions[stream] = position - (to - from);
      this.#cutBatch(true);
    }
    const before = this.#encoder.output.length;
    const time = this.#clock.next();
    const end = ends[first] as number;
    let next = first + 1;
    const isLine = data[end - 1] === lineFeed && !this.#lines.isOpen(stream);
    const worst = this.#encoder.worstSize(to - from, ends.length - first);
    if (isLine && !this.#file.isFull(this.#plannedSize + worst)) {
      const encoded = this.#encoder.addLines(stream, batch, first, time);
      next = encoded.next;
      this.#clock.advanceTo(encoded.lastTime);
      this.#lastTime = encoded.lastTime;
    } else {
      const entry = this.#lines.entryOf(stream, data.subarray(from, end), time);
      this.#encoder.add(entry);
      this.#lastTime = entry.timeNano;
    }
    this.#plannedSize += this.#encoder.output.length - before;
    return next;
  }

  async flushed(): Promise<void> {
    await this.#writing;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.flushed();
    this.#closed = true;
    await this.#file.close();
    this.#changes.emit('change');
  }

  /** Waits for a compression that is under way; only tests need to. */
  async settled(): Promise<void> {
    await this.flushed();
    await this.#file.settled();
  }

  #cutBatch(endsFile: boolean): void {
    const data = this.#encoder.output.take();
    this.#backlog += data.length;
    this.#batches.push({data, positions: {...this.#positions}, endsFile, lastTime: this.#lastTime});
    if (endsFile) this.#plannedSize = 0;
  }

  async #writeAll(): Promise<void> {
    // Let the records of the same turn of the event loop come together.
    await Promise.resolve();
    try {
      while (this.#encoder.output.length > 0 || this.#batches.length > 0) {
        if (this.#encoder.output.length > 0) this.#cutBatch(false);
        while (this.#batches.length > 0) await this.#writeBatches(this.#takeBatches());
        this.#changes.emit('change');
      }
    } finally {
      this.#encoder.output.release();
      this.#writing = undefined;
    }
  }

  /** The next batches of one file. */
  #takeBatches(): Batch[] {
    const end = this.#batches.findIndex(({endsFile}) => endsFile);
    return this.#batches.splice(0, end < 0 ? this.#batches.length : end + 1);
  }

  async #writeBatches(batches: Batch[]): Promise<void> {
    const parts = batches.map(({data}) => data);
    const size = parts.reduce((sum, {length}) => sum + length, 0);
    const last = batches[batches.length - 1] as Batch;
    const before = this.#file.size;
    try {
      await this.#file.append(parts);
    } catch (error) {
      this.#complain(error, size);
      await this.#file.cutTo(before).catch(() => {});
    }
    this.#backlog -= size;
    for (const part of parts) this.#encoder.output.recycle(part);
    this.#saveCheckpoint(last.positions);
    if (last.endsFile) await this.#rotate(last);
  }

  /** A full disk fails every write: one line about it in ten seconds is enough. */
  #complain(error: unknown, bytes: number): void {
    this.#lostBytes += bytes;
    if (Date.now() - this.#complainedAt < complaintIntervalMs) return;
    this.#log.error({error, path: this.#file.path, bytes: this.#lostBytes}, 'cannot write the log: output is lost');
    this.#complainedAt = Date.now();
    this.#lostBytes = 0;
  }

  async #rotate({positions, lastTime}: Batch): Promise<void> {
    try {
      await this.#file.rotate(formatNano(lastTime));
      this.#saveCheckpoint(positions);
      for (const follower of this.#followers) follower.rotated(await this.#openForFollower());
    } catch (error) {
      this.#log.error({error, path: this.#file.path}, 'cannot rotate the log');
    }
  }

  /** Undefined where the one file was emptied. */
  async #openForFollower(): Promise<FileHandle | undefined> {
    return this.#file.isEmptiedWhenFull ? undefined : open(this.#file.path, 'r');
  }

  #saveCheckpoint(positions: StreamPositions): void {
    this.#save({inode: this.#file.inode, size: this.#file.size, positions});
  }
}
