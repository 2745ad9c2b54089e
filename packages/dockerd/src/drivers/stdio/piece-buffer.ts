/** Memory for the pieces of output on their way: a piece that nobody has kept is used again. */
import {BufferPool} from '../memory/buffer-pool.ts';

/** Of one piece: with its copies in a pipe, a spool and a log it stays within a processor's cache. */
export const pieceSize = 128 * 1024;

/** As much as one client may be behind. */
const pool = new BufferPool(pieceSize, 16);

/** Fills a piece by `read`, which gives the number of bytes. The caller owns it until `reusePiece`. */
export function fillPiece(read: (target: Buffer) => number): Buffer {
  const target = pool.take();
  const count = read(target);
  if (count >= pieceSize / 4) return target.subarray(0, count);
  // A few bytes must not hold all of the memory.
  const piece = Buffer.from(target.subarray(0, count));
  pool.give(target);
  return piece;
}

/** Nobody has kept any part of the piece. */
export function reusePiece(piece: Buffer): void {
  pool.give(piece);
}
