/** Gives the records of a line that came in pieces what belongs together: a time and the numbers of the pieces. */
import {randomHex} from '@longshore/base';
import type {LogEntry, PartialLine, StreamName} from './log-entry.ts';

const lineFeed = 10;

type OpenLine = {timeNano: bigint; id: string; pieces: number};

export class LineTracker {
  readonly #open: Record<StreamName, OpenLine | undefined> = {stdout: undefined, stderr: undefined};

  /** True while the next record of a stream belongs to the line of the last one. */
  isOpen(stream: StreamName): boolean {
    return this.#open[stream] !== undefined;
  }

  /** The entry of the next record of a stream, `now` being the time of records that begin a line. */
  entryOf(stream: StreamName, line: Buffer, now: bigint): LogEntry {
    const isEnd = line[line.length - 1] === lineFeed;
    const open = this.#open[stream];
    if (isEnd && !open) return {stream, line, timeNano: now};
    const current = open ?? {timeNano: now, id: randomHex(32), pieces: 0};
    current.pieces++;
    this.#open[stream] = isEnd ? undefined : current;
    const partial: PartialLine = {id: current.id, ordinal: current.pieces, last: isEnd};
    return {stream, line, timeNano: current.timeNano, partial};
  }
}
