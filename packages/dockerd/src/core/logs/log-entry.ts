/** One record of a container's output, as every log driver and reader handles it. */

export type StreamName = 'stdout' | 'stderr';

/** Which piece of a line a record is, where the line is longer than a record or was never ended. */
export interface PartialLine {
  /** 64 hexadecimal digits, the same for all pieces of a line. */
  id: string;
  /** From 1 on. */
  ordinal: number;
  /** True for the piece that has the line's end. */
  last: boolean;
}

export interface LogEntry {
  stream: StreamName;
  /** The text with its line feed; without one it is a part of a longer line, or the last line of all. */
  line: Buffer;
  timeNano: bigint;
  partial?: PartialLine;
  /** `labels`, `env` and `tag` of the log options; undefined without any. */
  attributes?: Record<string, string>;
}

/** Longer lines become several records. */
export const maximumLine = 16 * 1024;

const lineFeed = 10;

/** The text of a record without the line feed at its end. */
export function textOf(line: Buffer): Buffer {
  return line[line.length - 1] === lineFeed ? line.subarray(0, -1) : line;
}
