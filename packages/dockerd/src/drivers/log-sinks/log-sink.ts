/** Where the records of drivers go that send them to a collector. */
import type {LogEntry} from '../../core/logs/log-entry.ts';

export interface LogSink {
  /** Waits this long for more records before the next batch, unless there are `batchRecords`. Without: no wait. */
  readonly linger?: {milliseconds: number; batchRecords: number};
  /**
   * Hands entries over, in order. Resolves when they are out of our hands; throws when they are lost, which the caller
   * reports. May wait for a collector that is away. Aborted when the daemon gives up waiting.
   */
  send(entries: readonly LogEntry[], signal: AbortSignal): Promise<void>;
  /** Sends what waits, unless `signal` aborts, and closes the connection. */
  close(signal: AbortSignal): Promise<void>;
}
