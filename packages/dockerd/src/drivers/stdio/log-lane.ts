/**
 * One way that a container's records go: into its file, or to a collector. A driver that cannot be read has two, the
 * second into a cache. Each goes at its own pace and has its own checkpoint.
 */
import {join} from 'node:path';
import type {Logger} from '@longshore/base';
import type {StreamName} from '../../core/logs/log-entry.ts';
import type {RotationLimits} from '../../core/logs/options/file-options.ts';
import type {LogOptions} from '../../core/logs/options/values.ts';
import {parseBufferSize} from '../../core/logs/options/verify.ts';
import {StreamRecorder} from '../../core/logs/stream-recorder.ts';
import type {LogRequest} from '../../core/ports/container-io.ts';
import type {LogWriter, StreamPositions} from '../../core/ports/log-driver.ts';
import {FileLogWriter, type LogCheckpoint} from '../file-log/file-log-writer.ts';
import type {RecordFormat} from '../file-log/record-format.ts';
import {recoverLog} from '../file-log/recover.ts';
import type {LogSink} from '../log-sinks/log-sink.ts';
import {SinkWriter} from '../log-sinks/sink-writer.ts';
import {CheckpointFile} from './checkpoint-file.ts';
import {RingWriter} from './ring-writer.ts';

const nothing: StreamPositions = {stdout: 0, stderr: 0};
const standardBufferSize = 1024 * 1024;

export interface LogLane {
  writer: LogWriter;
  recorders: ReadonlyMap<StreamName, StreamRecorder>;
  /** Up to where the records are safe: what an earlier position has in the spool is not needed any more. */
  positions: StreamPositions;
  close(): Promise<void>;
}

export interface LaneOptions {
  /** Where checkpoints are. */
  directory: string;
  streams: readonly StreamName[];
  /** True for a container that runs since before this daemon. */
  isReopened: boolean;
  /** Called when `positions` have moved. */
  moved(): void;
  log: Logger;
}

export interface FileLaneOptions extends LaneOptions {
  path: string;
  format: RecordFormat;
  limits: RotationLimits;
  attributes: LogRequest['attributes'];
  /** The file is the driver's own, whose mode may be non-blocking; a cache always blocks, as in Docker. */
  mode: LogOptions;
}

/** The file's writer comes beside the lane, for readers that follow. */
export async function openFileLane(options: FileLaneOptions): Promise<{lane: LogLane; writer: FileLogWriter}> {
  const {path, format, limits, attributes, log} = options;
  const checkpoint = new CheckpointFile(join(options.directory, 'log.checkpoint'));
  const saved = options.isReopened ? checkpoint.load() : undefined;
  const written = saved ? await recoverLog(path, limits.maximumFiles, format, saved) : nothing;
  const positions = {...(saved?.positions ?? nothing)};
  const found = new Map<StreamName, StreamRecorder>();
  const save = (next: LogCheckpoint) => {
    const reached = withWritten(next.positions, found, written);
    // Until then the earlier daemon's checkpoint holds: behind it every record in the file is counted again.
    if (!reached) return;
    checkpoint.save({...next, positions: reached});
    Object.assign(positions, reached);
    options.moved();
  };
  const writer = await FileLogWriter.open(path, {...limits, format, attributes}, positions, save, log);
  const outer = withMode(writer, options.mode);
  const lane = makeLane(outer, options, positions, written, checkpoint, log);
  for (const [stream, recorder] of lane.recorders) found.set(stream, recorder);
  return {lane, writer};
}

/**
 * Positions that take in what an earlier daemon wrote without saving a checkpoint: the size of the file includes it for
 * both streams, whichever of them goes on first. Undefined while that is not known.
 */
function withWritten(
  positions: StreamPositions,
  recorders: ReadonlyMap<StreamName, StreamRecorder>,
  written: Readonly<Record<StreamName, number>>,
): StreamPositions | undefined {
  const reached = {...positions};
  for (const stream of ['stdout', 'stderr'] as const) {
    if (written[stream] === 0) continue;
    const skippedTo = recorders.get(stream)?.skippedTo;
    if (skippedTo === undefined) return undefined;
    reached[stream] = Math.max(reached[stream], skippedTo);
  }
  return reached;
}

/** Records since the last checkpoint are sent again after a SIGKILL: a collector may get some twice, and misses none. */
export function openSinkLane(sink: LogSink, mode: LogOptions, options: LaneOptions): LogLane {
  const checkpoint = new CheckpointFile(join(options.directory, 'sink.checkpoint'));
  const saved = options.isReopened ? checkpoint.load() : undefined;
  const positions = {...(saved?.positions ?? nothing)};
  const save = (next: StreamPositions) => {
    checkpoint.save({inode: 0, size: 0, positions: next});
    Object.assign(positions, next);
    options.moved();
  };
  const writer = withMode(new SinkWriter(sink, positions, save, options.log), mode);
  return makeLane(writer, options, positions, nothing, checkpoint, options.log);
}

function withMode(writer: LogWriter, {mode, 'max-buffer-size': size}: LogOptions): LogWriter {
  if (mode !== 'non-blocking') return writer;
  return new RingWriter(writer, size === undefined ? standardBufferSize : parseBufferSize(size));
}

function makeLane(
  writer: LogWriter,
  {streams}: LaneOptions,
  positions: StreamPositions,
  written: Record<StreamName, number>,
  checkpoint: CheckpointFile,
  log: Logger,
): LogLane {
  const recorders = streams.map(
    stream => [stream, new StreamRecorder(stream, writer, positions[stream], written[stream])] as const,
  );
  return {
    writer,
    recorders: new Map(recorders),
    positions,
    async close() {
      await writer.close();
      checkpoint.close();
      if (writer instanceof RingWriter && writer.dropped > 0) {
        log.warn({records: writer.dropped}, 'records did not fit into the buffer of a log and were dropped');
      }
    },
  };
}
