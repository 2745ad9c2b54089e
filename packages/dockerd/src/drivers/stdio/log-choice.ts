/** From a container's LogConfig to the lanes that write it and a reader of what was written. */
import {EngineError} from '@longshore/errdefs';
import {parseCacheOptions, parseJsonLogOptions, parseLocalLogOptions} from '../../core/logs/options/file-options.ts';
import type {LogLocation, LogRequest} from '../../core/ports/container-io.ts';
import type {LogReader} from '../../core/ports/log-driver.ts';
import {FileLogReader} from '../file-log/file-log-reader.ts';
import type {FileLogWriter} from '../file-log/file-log-writer.ts';
import {jsonFormat} from '../file-log/json-format.ts';
import {localFormat} from '../file-log/local-format.ts';
import {openSink} from '../log-sinks/open-sink.ts';
import {type LaneOptions, type LogLane, openFileLane, openSinkLane} from './log-lane.ts';

export interface OpenLanes {
  lanes: LogLane[];
  fileWriter: FileLogWriter | undefined;
}

/** For the drivers that write. Throws for options that cannot be read and collectors that cannot be reached. */
export async function openLanes(request: LogRequest, options: LaneOptions): Promise<OpenLanes> {
  const file = fileOf(request);
  // The collector first: nothing is left behind when it cannot be reached.
  const sink = isFileDriver(request.driver) ? undefined : await openSink(request, options.log);
  const lanes = sink ? [openSinkLane(sink, request.options, options)] : [];
  if (!file) return {lanes, fileWriter: undefined};
  const {lane, writer} = await openFileLane({
    ...options,
    ...file,
    path: request.path,
    attributes: request.attributes,
    mode: sink ? {} : request.options,
  });
  return {lanes: [...lanes, lane], fileWriter: writer};
}

/** Throws `unimplemented` where there is nothing to be read. */
export function openLogReader(location: LogLocation, writer: FileLogWriter | undefined): LogReader {
  const file = location.driver === 'none' ? undefined : fileOf(location);
  if (!file) throw new EngineError('unimplemented', 'configured logging driver does not support reading');
  return new FileLogReader(location.path, file.limits.maximumFiles, file.format, writer);
}

function isFileDriver(driver: string): boolean {
  return driver === 'json-file' || driver === 'local';
}

/** The file of a driver: its own, or the cache of those that send records away. */
function fileOf({driver, options}: LogLocation) {
  if (driver === 'json-file') return {format: jsonFormat, limits: parseJsonLogOptions(options)};
  const limits = driver === 'local' ? parseLocalLogOptions(options) : parseCacheOptions(options);
  return limits && {format: localFormat, limits};
}
