/** From a container's LogConfig to a writer and a reader. */
import type {Logger} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {parseJsonLogOptions} from '../../core/logs/json-log-options.ts';
import type {StreamName} from '../../core/logs/log-entry.ts';
import type {LogRequest} from '../../core/ports/container-io.ts';
import type {LogReader, LogWriter, StreamPositions} from '../../core/ports/log-driver.ts';
import {JsonLogReader} from '../json-log/json-log-reader.ts';
import {JsonLogWriter, type LogCheckpoint} from '../json-log/json-log-writer.ts';
import {recoverLog} from '../json-log/recover.ts';

/** Where a reopened log goes on: stream positions of the checkpoint, and records behind them that are in the log. */
export interface LogPosition {
  positions: StreamPositions;
  written: Record<StreamName, number>;
}

export async function openLogWriter(
  request: LogRequest,
  positions: StreamPositions,
  save: (checkpoint: LogCheckpoint) => void,
  log: Logger,
): Promise<{writer: LogWriter; jsonWriter: JsonLogWriter | undefined}> {
  if (request.driver === 'none') return {writer: new DiscardingWriter(positions, save), jsonWriter: undefined};
  const options = {...parseJsonLogOptions(request.options), attributes: request.attributes};
  const jsonWriter = await JsonLogWriter.open(request.path, options, positions, save, log);
  return {writer: jsonWriter, jsonWriter};
}

export function openLogReader(request: LogRequest, writer: JsonLogWriter | undefined): LogReader {
  if (request.driver === 'none') {
    throw new EngineError('unimplemented', 'configured logging driver does not support reading');
  }
  return new JsonLogReader(request.path, parseJsonLogOptions(request.options).maximumFiles, writer);
}

export async function recoverPositions(request: LogRequest, checkpoint: LogCheckpoint): Promise<LogPosition> {
  if (request.driver === 'none') return {positions: checkpoint.positions, written: {stdout: 0, stderr: 0}};
  const {maximumFiles} = parseJsonLogOptions(request.options);
  return {positions: checkpoint.positions, written: await recoverLog(request.path, maximumFiles, checkpoint)};
}

/** The driver `none`: the output is forgotten. */
class DiscardingWriter implements LogWriter {
  readonly backlog = 0;
  readonly #positions: StreamPositions;
  readonly #save: (checkpoint: LogCheckpoint) => void;

  constructor(positions: StreamPositions, save: (checkpoint: LogCheckpoint) => void) {
    this.#positions = {...positions};
    this.#save = save;
  }

  append(stream: StreamName, _records: readonly Buffer[], position: number): void {
    this.#positions[stream] = position;
    this.#save({inode: 0, size: 0, positions: this.#positions});
  }

  async flushed(): Promise<void> {}

  async close(): Promise<void> {}
}
