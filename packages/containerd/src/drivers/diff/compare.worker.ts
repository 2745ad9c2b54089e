/** Thread that makes layers. Pieces go to the main thread, a few at a time. */
import {parentPort} from 'node:worker_threads';
import {serveJobs} from '../workers/serve-jobs.ts';
import {compareLayers} from './compare/compare-layers.ts';
import type {CompareAcknowledgement, CompareJob, ComparePiece} from './compare/job.ts';

/** Pieces that the main thread may have in hand. */
const window = 8;

serveJobs<CompareJob>(async job => {
  const port = parentPort;
  let inHand = 0;
  let wake: (() => void) | undefined;
  const onMessage = (message: CompareAcknowledgement | CompareJob) => {
    if (!('control' in message)) return;
    inHand--;
    wake?.();
  };
  port?.on('message', onMessage);
  try {
    return await compareLayers(job, async piece => {
      const note: ComparePiece = {piece: ownMemory(piece)};
      port?.postMessage({note}, [note.piece.buffer as ArrayBuffer]);
      inHand++;
      while (inHand >= window) {
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
    });
  } finally {
    port?.off('message', onMessage);
  }
});

/** Memory that can be handed over: not part of a pool that others use. */
function ownMemory(piece: Uint8Array): Uint8Array {
  const isWhole = piece.byteOffset === 0 && piece.byteLength === piece.buffer.byteLength;
  return isWhole ? piece : new Uint8Array(piece);
}
