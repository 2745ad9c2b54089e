/** What containers need of a logging driver. */
import type {LogEntry, StreamName} from '../logs/log-entry.ts';
import type {RecordBatch} from '../logs/record-batch.ts';

/** How far the streams have got into the log: offsets behind the last byte that is in it. */
export type StreamPositions = Record<StreamName, number>;

/**
 * Writes the log of one running container. `append` never waits: a caller looks at `backlog` and pauses its source
 * with `drained()`. Records of a failed write are lost with a warning, so that the container goes on.
 */
export interface LogWriter {
  /** Complete records, in order, of one stream, maybe none; `position` is the stream's offset behind them. */
  append(stream: StreamName, records: RecordBatch, position: number): void;
  /** Bytes that are not in the file yet. */
  readonly backlog: number;
  /** Resolves when everything that was appended so far is in the file. */
  flushed(): Promise<void>;
  close(): Promise<void>;
  /** True where `append` copies what it needs of the records. */
  readonly copies?: boolean;
  /**
   * The container has ended and whoever takes the records does not: what has not been taken is dropped with a warning,
   * and everything resolves soon. Absent where that cannot happen.
   */
  giveUp?(): void;
}

/** A request of `docker logs`. */
export interface LogQuery {
  streams: ReadonlySet<StreamName>;
  /** Inclusive. */
  since: bigint | undefined;
  until: bigint | undefined;
  /** Number of last records; undefined for all. */
  tail: number | undefined;
  /** Goes on with what is written later, until the container stops, or `signal` aborts. */
  follow: boolean;
  signal: AbortSignal;
}

/** Reads the log of a container, running or not. Throws `unimplemented` where the driver cannot be read. */
export interface LogReader {
  /** Entries in order, as many at a time as there are; never an empty list. */
  read(query: LogQuery): AsyncIterable<LogEntry[]>;
}
