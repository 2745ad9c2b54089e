/** One record of a container's output, as every log driver and reader handles it. */

export type StreamName = 'stdout' | 'stderr';

export interface LogEntry {
  stream: StreamName;
  /** The text with its line feed; without one it is a part of a longer line, or the last line of all. */
  line: Buffer;
  timeNano: bigint;
  /** `labels`, `env` and `tag` of the log options; undefined without any. */
  attributes?: Record<string, string>;
}

/** Longer lines become several records. */
export const maximumLine = 16 * 1024;
