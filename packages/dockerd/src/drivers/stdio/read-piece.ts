import {readFd} from '@longshore/linux';

const readSize = 256 * 1024;
let scratch = Buffer.alloc(0);

/** Takes what a FIFO has, for output that is not logged: what a killed daemon has read is gone with its clients. */
export function readPiece(fifo: number): Buffer | 'empty' | 'ended' {
  if (scratch.length === 0) scratch = Buffer.allocUnsafeSlow(readSize);
  const count = readFd(fifo, scratch);
  if (count === undefined) return 'empty';
  if (count === 0) return 'ended';
  if (count < readSize / 4) return Buffer.from(scratch.subarray(0, count));
  const piece = scratch.subarray(0, count);
  scratch = Buffer.alloc(0);
  return piece;
}
