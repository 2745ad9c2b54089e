/** Docker's framing of several streams on one connection, and what a terminal gets instead: the bytes as they are. */
import type {StreamName} from '../core/logs/log-entry.ts';

export const rawStreamType = 'application/vnd.docker.raw-stream';
export const multiplexedStreamType = 'application/vnd.docker.multiplexed-stream';

const numbers: Record<StreamName, number> = {stdout: 1, stderr: 2};

/** The eight bytes before a piece: stream, three zeros, length in network order. */
export function frameHeader(stream: StreamName, length: number): Buffer {
  const header = Buffer.alloc(8);
  header[0] = numbers[stream];
  header.writeUInt32BE(length, 4);
  return header;
}

/** A piece with its header, in one buffer. */
export function frame(stream: StreamName, data: Buffer): Buffer {
  return Buffer.concat([frameHeader(stream, data.length), data]);
}
