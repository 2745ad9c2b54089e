/** Where output waits for a client that does not keep up. */
import type {StreamName} from '../logs/log-entry.ts';

export interface Overflow {
  /** Bytes that wait. */
  readonly size: number;
  append(stream: StreamName, data: Buffer): void;
  /** The next bytes of one stream, at most `size`; undefined when there are none. */
  take(size: number): {stream: StreamName; data: Buffer} | undefined;
  /** Forgets what is left. */
  close(): void;
}
