/** Which transfers there are. */
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {
  describeEndpoint,
  type Endpoint,
  type ExportEndpoint,
  type ImportEndpoint,
  type ProgressListener,
  type RegistryEndpoint,
  type StoreEndpoint,
} from './endpoints.ts';

export interface TransferConfig {
  /** Layers that are downloaded, and uploaded, at the same time by all transfers together; 0 means no limit. */
  readonly maxDownloads: number;
  readonly maxUploads: number;
  /** Directories of `hosts.toml` files for clients that name none, separated by `:`; empty for none. */
  readonly hostsDir: string;
}

/**
 * The port of what moves images. Everything happens in `ctx.namespace`, under `ctx.lease` or a lease of the call's own,
 * so that no collection takes a part of an unfinished transfer. Names are given last: an image is there whole or not at
 * all. Calls end soon after `ctx.signal`.
 */
export interface ImageMover {
  /** Throws the registry's refusals, not-found when no platform fits. */
  pull(ctx: CallContext, from: RegistryEndpoint, to: StoreEndpoint, progress: ProgressListener): Promise<void>;
  push(ctx: CallContext, from: StoreEndpoint, to: RegistryEndpoint, progress: ProgressListener): Promise<void>;
  /** Throws invalid-argument for what is no image archive. */
  importImages(ctx: CallContext, from: ImportEndpoint, to: StoreEndpoint, progress: ProgressListener): Promise<void>;
  exportImages(ctx: CallContext, from: StoreEndpoint, to: ExportEndpoint, progress: ProgressListener): Promise<void>;
  /** Gives the image further names. */
  tag(ctx: CallContext, from: StoreEndpoint, to: StoreEndpoint): Promise<void>;
}

export async function transfer(
  ctx: CallContext,
  mover: ImageMover,
  {from, to, progress}: {from: Endpoint; to: Endpoint; progress: ProgressListener},
): Promise<void> {
  if (from.type === 'registry' && to.type === 'store') return await mover.pull(ctx, from, to, progress);
  if (from.type === 'store') {
    if (to.type === 'registry') return await mover.push(ctx, from, to, progress);
    if (to.type === 'export') return await mover.exportImages(ctx, from, to, progress);
    if (to.type === 'store') return await mover.tag(ctx, from, to);
  }
  if (from.type === 'import') {
    if (to.type === 'store') return await mover.importImages(ctx, from, to, progress);
    if (to.type === 'export') return await to.write(from.bytes); // an echo, to try streams out
  }
  const ends = `${describeEndpoint(from)} to ${describeEndpoint(to)}`;
  throw new EngineError('unimplemented', `unable to transfer from ${ends}: not implemented`);
}
