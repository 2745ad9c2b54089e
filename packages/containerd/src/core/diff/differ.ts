/** The port of the differ: layer tars into mounts and back. */
import type {CallContext} from '@longshore/base';
import type {Mount} from '../snapshots/snapshotter.ts';

export interface Descriptor {
  mediaType: string;
  digest: string;
  /** Bytes of the blob. */
  size: number;
  annotations: Record<string, string>;
}

export interface ApplyOptions {
  /** Flush the file system of the target before the call returns. */
  syncFs?: boolean;
}

export interface CompareOptions {
  /** An OCI or Docker layer media type: tar, tar+gzip or tar+zstd. Empty: OCI tar+gzip. */
  mediaType?: string;
  /** Ingest reference; one is made up when it is empty. */
  ref?: string;
  /** Labels of the new blob, beside `containerd.io/uncompressed`. */
  labels?: Record<string, string>;
  /** Times later than this are cut down to it, and the result is the same bit for bit every time. */
  sourceDateEpoch?: Date;
}

/**
 * Contract: `apply` throws `not-found` for an absent blob, `unimplemented` for a media type it cannot read,
 * `invalid-argument` for a damaged or hostile layer (nothing is then written outside the root that the mounts make),
 * `resource-exhausted` when the disk or the size limit is full. A failed apply may leave a partly filled snapshot: the
 * caller removes it. Both calls stop within a second of `ctx.signal`.
 */
export interface Differ extends AsyncDisposable {
  /** Unpacks the blob into the mounts. Returns the descriptor of the uncompressed tar: its digest is the diff id. */
  apply(ctx: CallContext, layer: Descriptor, mounts: readonly Mount[], options?: ApplyOptions): Promise<Descriptor>;
  /** Stores the layer that leads from `left` to `right` as a blob and returns its descriptor. */
  compare(
    ctx: CallContext,
    left: readonly Mount[],
    right: readonly Mount[],
    options?: CompareOptions,
  ): Promise<Descriptor>;
}

/** What the differ needs of the content store. */
export interface DiffContent {
  /** File of a committed blob that `ctx.namespace` may read. Throws `not-found`. */
  blobPath(ctx: CallContext, digest: string): Promise<string>;
  /** Starts an ingest that `ctx.lease` owns. */
  openWriter(ctx: CallContext, ref: string): Promise<DiffWriter>;
}

/** One ingest. Disposing it without a commit aborts it. */
export interface DiffWriter extends AsyncDisposable {
  /** Appends; resolves when more may be written. The chunk belongs to the writer from here on. */
  write(chunk: Uint8Array): Promise<void>;
  /** Makes the blob visible. A blob that exists already is fine. Returns its digest and size. */
  commit(labels: Record<string, string>): Promise<{digest: string; size: number}>;
}
