/**
 * Memory for the pieces of output on their way. Fresh memory costs the kernel more than the bytes do, so a piece that
 * nobody has kept is used again.
 */

/** Of one piece: with its copies in a pipe, a spool and a log it stays within a processor's cache. */
export const pieceSize = 128 * 1024;

let scratch: Buffer | undefined;

/** Fills a piece by `read`, which gives the number of bytes. The caller owns it until `reusePiece`. */
export function fillPiece(read: (target: Buffer) => number): Buffer {
  const target = scratch ?? Buffer.allocUnsafeSlow(pieceSize);
  scratch = target;
  const count = read(target);
  // A few bytes must not hold all of the memory.
  if (count < pieceSize / 4) return Buffer.from(target.subarray(0, count));
  scratch = undefined;
  return target.subarray(0, count);
}

/** Nobody has kept any part of the piece. */
export function reusePiece(piece: Buffer): void {
  if (piece.buffer.byteLength === pieceSize) scratch ??= Buffer.from(piece.buffer as ArrayBuffer);
}
