import {availableParallelism} from 'node:os';
import type {CallContext, Logger} from '@longshore/base';
import {layerCompression, withCompression} from '@longshore/oci';
import type {ApplyOptions, CompareOptions, Descriptor, DiffContent, Differ} from '../../core/diff/differ.ts';
import type {Mount} from '../../core/snapshots/snapshotter.ts';
import {startWorker} from '../workers/start-worker.ts';
import {WorkerPool} from '../workers/worker-pool.ts';
import type {ApplyJob, ApplyResult} from './apply/job.ts';
import {removeDeadPlaces} from './apply/open-mounted.ts';
import {Comparer} from './comparer.ts';
import {applyTarget} from './targets.ts';

export interface DifferOptions {
  content: DiffContent;
  log: Logger;
  /** Bytes that one layer may have when it is uncompressed. */
  maxLayerBytes?: number;
  /** Files that one layer may have. */
  maxLayerEntries?: number;
}

/** Far above any real layer; a bomb stops here and not at the end of the disk. */
const defaultMaxLayerBytes = 256 * 2 ** 30;
const defaultMaxLayerEntries = 5_000_000;

/** Unpacks and makes layers in threads, which end when there is nothing to do. */
export function openDiffer(options: DifferOptions): Differ {
  try {
    removeDeadPlaces();
  } catch (error) {
    options.log.warn({error}, 'cannot remove mounts that a killed process left');
  }
  return new ThreadedDiffer(options);
}

class ThreadedDiffer implements Differ {
  readonly #options: DifferOptions;
  readonly #appliers = new WorkerPool({
    start: () => startWorker('src/drivers/diff/apply.worker.ts'),
    size: Math.max(2, Math.min(4, availableParallelism())),
  });
  readonly #comparer: Comparer;

  constructor(options: DifferOptions) {
    this.#options = options;
    this.#comparer = new Comparer(options.content);
  }

  async apply(
    ctx: CallContext,
    layer: Descriptor,
    mounts: readonly Mount[],
    options: ApplyOptions = {},
  ): Promise<Descriptor> {
    const compression = layerCompression(layer.mediaType);
    const blob = await this.#options.content.blobPath(ctx, layer.digest);
    const target = applyTarget(mounts);
    const cancel = new Int32Array(new SharedArrayBuffer(4));
    const job: ApplyJob = {
      blob,
      digest: layer.digest,
      compression,
      target,
      maxBytes: this.#options.maxLayerBytes ?? defaultMaxLayerBytes,
      maxEntries: this.#options.maxLayerEntries ?? defaultMaxLayerEntries,
      syncFs: options.syncFs ?? false,
      cancel,
    };
    const result = await this.#appliers.run<ApplyResult>(job, {signal: ctx.signal, cancel});
    if (result.lostAttributes.length > 0) {
      const fields = {layer: layer.digest, attributes: result.lostAttributes};
      this.#options.log.warn(fields, 'file system does not keep extended attributes of a layer');
    }
    const mediaType = withCompression(layer.mediaType, 'none');
    return {mediaType, digest: result.digest, size: result.size, annotations: {}};
  }

  async compare(
    ctx: CallContext,
    left: readonly Mount[],
    right: readonly Mount[],
    options: CompareOptions = {},
  ): Promise<Descriptor> {
    return await this.#comparer.compare(ctx, left, right, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#appliers[Symbol.asyncDispose]();
    await this.#comparer[Symbol.asyncDispose]();
  }
}
