/** From a container's LogConfig to a writer and a reader. */
import type {Logger} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {parseJsonLogOptions} from '../../core/logs/json-log-options.ts';
import type {StreamName} from '../../core/logs/log-entry.ts';
import type {LogRequest} from '../../core/ports/container-io.ts';
import type {LogReader, StreamPositions} from '../../core/ports/log-driver.ts';
import {JsonLogReader} from '../json-log/json-log-reader.ts';
import {JsonLogWriter, type LogCheckpoint} from '../json-log/json-log-writer.ts';
import {recoverLog} from '../json-log/recover.ts';

/** Where a reopened log goes on: stream positions of the checkpoint, and records behind them that are in the log. */
export interface LogPosition {
  positions: StreamPositions;
  written: Record<StreamName, number>;
}

/** For the drivers that write; throws for options that cannot be read. */
export async function openLogWriter(
  request: LogRequest,
  positions: StreamPositions,
  save: (checkpoint: LogCheckpoint) => void,
  log: Logger,
): Promise<JsonLogWriter> {
  const options = {...parseJsonLogOptions(request.options), attributes: request.attributes};
  return JsonLogWriter.open(request.path, options, positions, save, log);
}

export function openLogReader(request: LogRequest, writer: JsonLogWriter | undefined): LogReader {
  if (request.driver === 'none') {
    throw new EngineError('unimplemented', 'configured logging driver does not support reading');
  }
  return new JsonLogReader(request.path, parseJsonLogOptions(request.options).maximumFiles, writer);
}

export async function recoverPositions(request: LogRequest, checkpoint: LogCheckpoint): Promise<LogPosition> {
  const {maximumFiles} = parseJsonLogOptions(request.options);
  return {positions: checkpoint.positions, written: await recoverLog(request.path, maximumFiles, checkpoint)};
}
