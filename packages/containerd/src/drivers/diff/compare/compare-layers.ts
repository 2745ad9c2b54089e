import {once} from 'node:events';
import {pipeline} from 'node:stream';
import {createGzip, createZstdCompress} from 'node:zlib';
import {EngineError} from '@longshore/errdefs';
import {closeFd} from '@longshore/linux';
import {type Compression, Digester} from '@longshore/oci';
import {openMounted} from '../apply/open-mounted.ts';
import {parseOverlay} from '../targets.ts';
import type {CompareJob, CompareMount, CompareResult} from './job.ts';
import {LayerWriter} from './layer-writer.ts';

/** Small members are gathered to pieces of this size. */
const pieceBytes = 256 << 10;

/** Makes the layer that leads from the left mounts to the right ones; `send` resolves when more is wanted. */
export async function compareLayers(
  job: CompareJob,
  send: (piece: Uint8Array) => Promise<void>,
): Promise<CompareResult> {
  const right = openMounted(job.right.map(readOnly));
  let left: number | undefined;
  try {
    left = job.left.length === 0 ? undefined : openMounted(job.left.map(readOnly));
    const digester = new Digester();
    const tar = new LayerWriter(right, job).write(left);
    for await (const piece of compress(gather(tar, job, digester), job.compression)) await send(piece);
    return {diffId: digester.digest()};
  } finally {
    closeFd(right);
    if (left !== undefined) closeFd(left);
  }
}

/** Copies: what the writer yields is overwritten by what it reads next. */
async function* gather(tar: Iterable<Buffer>, job: CompareJob, digester: Digester): AsyncGenerator<Buffer, void, void> {
  let piece = Buffer.allocUnsafeSlow(pieceBytes);
  let filled = 0;
  for (const part of tar) {
    if (Atomics.load(job.cancel, 0) !== 0) throw new EngineError('canceled', 'comparing was canceled');
    digester.update(part);
    for (let taken = 0; taken < part.length; ) {
      const count = part.copy(piece, filled, taken);
      taken += count;
      filled += count;
      if (filled < pieceBytes) continue;
      yield piece;
      piece = Buffer.allocUnsafeSlow(pieceBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

async function* compress(source: AsyncIterable<Buffer>, compression: Compression): AsyncGenerator<Buffer, void, void> {
  if (compression === 'none') {
    yield* source;
    return;
  }
  const encoder = compression === 'gzip' ? createGzip({chunkSize: pieceBytes}) : createZstdCompress();
  pipeline(source, encoder, () => {}); // its error comes out of the loop below
  try {
    for await (const piece of encoder) yield piece as Buffer;
  } finally {
    if (!encoder.closed) {
      encoder.destroy();
      await once(encoder, 'close').catch(() => {}); // the walk must be over before its directories are closed
    }
  }
}

/** The upper directory of an overlay becomes its topmost lower one: nobody writes, and whoever has it mounted stays alone. */
function readOnly(mount: CompareMount): CompareMount {
  const overlay = mount.type === 'overlay' ? parseOverlay(mount) : undefined;
  if (!overlay?.upper) return {...mount, options: [...mount.options.filter(option => option !== 'rw'), 'ro']};
  const layers = [overlay.upper, ...overlay.lower].map(path => path.replace(/[\\:,]/g, '\\$&'));
  const kept = mount.options.filter(option => !/^(upperdir|lowerdir|workdir)=|^(rw|volatile)$/.test(option));
  return {...mount, options: [...kept, 'ro', `lowerdir=${layers.join(':')}`]};
}
