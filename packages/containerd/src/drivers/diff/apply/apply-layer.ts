import {EngineError} from '@longshore/errdefs';
import {syncFs} from '@longshore/linux';
import {Digester, parseDigest, TarParser} from '@longshore/oci';
import {decompress, readBlob} from './decompress.ts';
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
  const stored = new Digester(parseDigest(job.digest).algorithm);
  const tar = new Digester();
  const parser = new TarParser();
  for await (const chunk of decompress(digested(readBlob(job.blob), stored), job.compression)) {
    if (Atomics.load(job.cancel, 0) !== 0) throw new EngineError('canceled', 'unpacking was canceled');
    tar.update(chunk);
    if (tar.size > job.maxBytes) throw tooLarge(job);
    parser.push(chunk);
    for (let event = parser.next(); event; event = parser.next()) extractor.take(event);
  }
  parser.finish();
  checkStored(job, stored);
  extractor.finish();
  if (job.syncFs) syncFs(tree.root);
  return {digest: tar.digest(), size: tar.size, lostAttributes: extractor.lostAttributes};
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

function checkStored(job: ApplyJob, stored: Digester): void {
  const actual = stored.digest();
  if (actual !== job.digest) {
    throw new EngineError('data-loss', `blob ${job.digest} is damaged on disk: its digest is ${actual}`);
  }
}

function tooLarge(job: ApplyJob): EngineError {
  return new EngineError('resource-exhausted', `layer has more than ${job.maxBytes} bytes when it is uncompressed`);
}
