import {readFd} from '@longshore/linux';
import {fillPiece} from './piece-buffer.ts';

/** Takes what a FIFO has, for output that is not logged: what a killed daemon has read is gone with its clients. */
export function readPiece(fifo: number): Buffer | 'empty' | 'ended' {
  let count: number | undefined;
  const piece = fillPiece(target => {
    count = readFd(fifo, target);
    return count ?? 0;
  });
  if (count === undefined) return 'empty';
  return count === 0 ? 'ended' : piece;
}
