/** The json-file driver's writer: batches what comes in while the last write runs. */
import {EventEmitter} from 'node:events';
import type {Logger} from '@longshore/base';
import {nowNano} from '../../core/events/event-bus.ts';
import type {StreamName} from '../../core/logs/log-entry.ts';
import type {LogWriter, StreamPositions} from '../../core/ports/log-driver.ts';
import {formatNano} from '../../core/time.ts';
import {LogFile, type RotationOptions} from './log-file.ts';
import {RecordEncoder} from './record-encoder.ts';

export interface JsonLogOptions extends RotationOptions {
  attributes: Record<string, string> | undefined;
}

/** Where the log stands: a file by its inode, its size, and the stream positions that are in it. */
export interface LogCheckpoint {
  inode: number;
  size: number;
  positions: StreamPositions;
}

const complaintIntervalMs = 10_000;

type Batch = {data: Buffer; positions: StreamPositions; endsFile: boolean};

export class JsonLogWriter implements LogWriter {
  readonly #file: LogFile;
  readonly #encoder: RecordEncoder;
  readonly #log: Logger;
  readonly #save: (checkpoint: LogCheckpoint) => void;
  readonly #batches: Batch[] = [];
  readonly #changes = new EventEmitter();
  #positions: StreamPositions;
  /** Size that the current file will have when everything before has been written. */
  #plannedSize: number;
  #backlog = 0;
  #lastTime = 0n;
  /** All pieces of one line carry the time of the first. */
  #lineTimes: Record<StreamName, bigint | undefined> = {stdout: undefined, stderr: undefined};
  #writing: Promise<void> | undefined;
  #closed = false;
  #complainedAt = 0;
  #lostBytes = 0;

  private constructor(
    file: LogFile,
    options: JsonLogOptions,
    positions: StreamPositions,
    save: (checkpoint: LogCheckpoint) => void,
    log: Logger,
  ) {
    this.#file = file;
    this.#encoder = new RecordEncoder(options.attributes);
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
    options: JsonLogOptions,
    positions: StreamPositions,
    save: (checkpoint: LogCheckpoint) => void,
    log: Logger,
  ): Promise<JsonLogWriter> {
    return new JsonLogWriter(await LogFile.open(path, options), options, {...positions}, save, log);
  }

  get path(): string {
    return this.#file.path;
  }

  get backlog(): number {
    return this.#backlog + this.#encoder.length;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Resolves when records have been written, or the writer is closed, since the call. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const done = () => {
        this.#changes.off('change', done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      if (signal.aborted || this.#closed) return resolve();
      this.#changes.on('change', done);
      signal.addEventListener('abort', done);
    });
  }

  append(stream: StreamName, records: readonly Buffer[], position: number): void {
    const now = nowNano();
    for (const line of records) {
      if (this.#file.isFull(this.#plannedSize)) this.#cutBatch(true);
      const timeNano = this.#lineTimes[stream] ?? now;
      const before = this.#encoder.length;
      this.#encoder.add({stream, line, timeNano});
      this.#plannedSize += this.#encoder.length - before;
      this.#lineTimes[stream] = line[line.length - 1] === 10 ? undefined : timeNano;
      this.#lastTime = timeNano;
      this.#positions[stream] += line.length;
    }
    this.#positions[stream] = position;
    this.#writing ??= this.#writeAll();
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

  #cutBatch(endsFile: boolean): void {
    const data = Buffer.from(this.#encoder.take());
    this.#backlog += data.length;
    this.#batches.push({data, positions: {...this.#positions}, endsFile});
    if (endsFile) this.#plannedSize = 0;
  }

  async #writeAll(): Promise<void> {
    // Let the records of the same turn of the event loop come together.
    await Promise.resolve();
    try {
      while (this.#encoder.length > 0 || this.#batches.length > 0) {
        if (this.#encoder.length > 0) this.#cutBatch(false);
        for (let batch = this.#batches.shift(); batch; batch = this.#batches.shift()) await this.#writeBatch(batch);
        this.#changes.emit('change');
      }
    } finally {
      this.#writing = undefined;
    }
  }

  async #writeBatch({data, positions, endsFile}: Batch): Promise<void> {
    const before = this.#file.size;
    try {
      await this.#file.append(data);
    } catch (error) {
      this.#complain(error, data.length);
      await this.#file.cutTo(before).catch(() => {});
    }
    this.#backlog -= data.length;
    this.#saveCheckpoint(positions);
    if (endsFile) await this.#rotate(positions);
  }

  /** A full disk fails every write: one line about it in ten seconds is enough. */
  #complain(error: unknown, bytes: number): void {
    this.#lostBytes += bytes;
    if (Date.now() - this.#complainedAt < complaintIntervalMs) return;
    this.#log.error({error, path: this.#file.path, bytes: this.#lostBytes}, 'cannot write the log: output is lost');
    this.#complainedAt = Date.now();
    this.#lostBytes = 0;
  }

  async #rotate(positions: StreamPositions): Promise<void> {
    const lastTime = formatNano(this.#lastTime);
    try {
      await this.#file.rotate();
      this.#saveCheckpoint(positions);
      await this.#file.compressRotated(lastTime);
    } catch (error) {
      this.#log.error({error, path: this.#file.path}, 'cannot rotate the log');
    }
  }

  #saveCheckpoint(positions: StreamPositions): void {
    this.#save({inode: this.#file.inode, size: this.#file.size, positions});
  }
}
