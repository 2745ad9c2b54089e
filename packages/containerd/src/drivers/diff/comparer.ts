import {type CallContext, randomHex} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {layerCompression, mediaTypes} from '@longshore/oci';
import type {CompareOptions, Descriptor, DiffContent, DiffWriter} from '../../core/diff/differ.ts';
import type {Mount} from '../../core/snapshots/snapshotter.ts';
import {startWorker} from '../workers/start-worker.ts';
import {WorkerPool} from '../workers/worker-pool.ts';
import type {CompareAcknowledgement, CompareJob, ComparePiece, CompareResult} from './compare/job.ts';

const uncompressedLabel = 'containerd.io/uncompressed';

/** Makes layers out of pairs of trees and stores them. */
export class Comparer implements AsyncDisposable {
  readonly #content: DiffContent;
  readonly #workers = new WorkerPool({start: () => startWorker('src/drivers/diff/compare.worker.ts'), size: 2});

  constructor(content: DiffContent) {
    this.#content = content;
  }

  async compare(
    ctx: CallContext,
    left: readonly Mount[],
    right: readonly Mount[],
    options: CompareOptions,
  ): Promise<Descriptor> {
    const mediaType = options.mediaType || mediaTypes.ociLayerGzip;
    const job = compareJob(left, right, mediaType, options.sourceDateEpoch);
    await using writer = await this.#content.openWriter(ctx, options.ref || `diff-${Date.now()}-${randomHex(8)}`);
    const diffId = await this.#store(ctx, job, writer);
    const {digest, size} = await writer.commit({...options.labels, [uncompressedLabel]: diffId});
    return {mediaType, digest, size, annotations: {}};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#workers[Symbol.asyncDispose]();
  }

  async #store(ctx: CallContext, job: CompareJob, writer: DiffWriter): Promise<string> {
    const failed = new AbortController();
    const signal = AbortSignal.any([ctx.signal, failed.signal]);
    let writing = Promise.resolve();
    const {diffId} = await this.#workers.run<CompareResult>(job, {
      signal,
      cancel: job.cancel,
      onNote: (note, worker) => {
        writing = writing.then(() => writer.write((note as ComparePiece).piece));
        writing.then(
          () => worker.postMessage({control: 'taken'} satisfies CompareAcknowledgement),
          error => failed.abort(error),
        );
      },
    });
    await writing;
    return diffId;
  }
}

function compareJob(
  left: readonly Mount[],
  right: readonly Mount[],
  mediaType: string,
  epoch: Date | undefined,
): CompareJob {
  if (right.length === 0) throw new EngineError('invalid-argument', 'mounts are required to make a layer');
  const plain = (mounts: readonly Mount[]) => mounts.map(mount => ({...mount, options: [...mount.options]}));
  const latest = epoch && BigInt(epoch.getTime()) * 1_000_000n;
  return {
    left: plain(left),
    right: plain(right),
    compression: layerCompression(mediaType),
    latest,
    whiteoutTime: latest ?? BigInt(Date.now()) * 1_000_000n,
    cancel: new Int32Array(new SharedArrayBuffer(4)),
  };
}
