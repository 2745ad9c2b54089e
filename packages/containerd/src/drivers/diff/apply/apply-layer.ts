import {EngineError} from '@longshore/errdefs';
import {syncFs} from '@longshore/linux';
import {Digester, parseDigest, TarParser} from '@longshore/oci';
import {decompress, readBlob, readBlobInPlace} from './decompress.ts';
import {Extractor} from './extractor.ts';
import type {ApplyJob, ApplyResult, ApplyTarget} from './job.ts';
import type {LayerTree} from './layer-tree.ts';
import {MountedTree} from './mounted-tree.ts';
import {OverlayTree} from './overlay-tree.ts';
import {PlainTree} from './plain-tree.ts';

/** Unpacks one layer, in whatever thread this is called: the system calls are synchronous. */
export async function applyLayer(job: ApplyJob): Promise<ApplyResult> {
  using tree = openTree(job.target);
  using extractor = new Extractor(tree, job.maxEntries);
  const tar = new Digester();
  const isPlain = job.compression === 'none' && job.digest.startsWith('sha256:');
  const stored = isPlain ? tar : new Digester(parseDigest(job.digest).algorithm);
  const parser = new TarParser();
  const chunks = isPlain
    ? readBlobInPlace(job.blob)
    : decompress(digested(readBlob(job.blob), stored), job.compression);
  for await (const chunk of chunks) {
    if (Atomics.load(job.cancel, 0) !== 0) throw new EngineError('canceled', 'unpacking was canceled');
    tar.update(chunk);
    if (tar.size > job.maxBytes) throw tooLarge(job);
    parser.push(chunk);
    for (let event = parser.next(); event; event = parser.next()) extractor.take(event);
  }
  parser.finish();
  const digest = tar.digest();
  checkStored(job, isPlain ? digest : stored.digest());
  extractor.finish();
  if (job.syncFs) syncFs(tree.root);
  return {digest, size: tar.size, lostAttributes: extractor.lostAttributes};
}

function openTree(target: ApplyTarget): LayerTree {
  if (target.kind === 'overlay') return new OverlayTree(target.upper, target.lower, target.attributePrefix);
  return target.kind === 'directory' ? new PlainTree(target.path) : new MountedTree(target.mounts);
}

async function* digested(source: AsyncIterable<Buffer>, digester: Digester): AsyncGenerator<Buffer, void, void> {
  for await (const chunk of source) {
    digester.update(chunk);
    yield chunk;
  }
}

function checkStored(job: ApplyJob, actual: string): void {
  if (actual !== job.digest) {
    throw new EngineError('data-loss', `blob ${job.digest} is damaged on disk: its digest is ${actual}`);
  }
}

function tooLarge(job: ApplyJob): EngineError {
  return new EngineError('resource-exhausted', `layer has more than ${job.maxBytes} bytes when it is uncompressed`);
}
