/** The port of the content store: blobs by digest, and ingests (blobs being written) by reference. */
import type {CallContext} from '@longshore/base';
import type {Filter} from '../filters/filter.ts';
import type {Labels} from '../names.ts';
import type {Timestamp} from '../time.ts';

export interface ContentInfo {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly labels: Labels;
  readonly createdAt: Timestamp;
  readonly updatedAt: Timestamp;
}

export interface IngestStatus {
  readonly ref: string;
  /** Bytes written so far. */
  readonly offset: number;
  /** Expected size in bytes; 0 when unknown. */
  readonly total: number;
  /** Expected digest; empty when unknown. */
  readonly expected: string;
  readonly startedAt: Timestamp;
  readonly updatedAt: Timestamp;
}

export interface WriterOptions {
  /** Names the ingest; a later writer with the same name resumes it. */
  ref: string;
  /** Expected size in bytes; 0 or absent when unknown. */
  total?: number;
  /** Expected digest. When that blob is there already, opening throws already-exists. */
  expected?: string;
}

export interface CommitOptions {
  /** When not 0 or absent, other sizes are refused with failed-precondition and the ingest stays. */
  size?: number;
  /** When not empty or absent, other digests are refused with failed-precondition and the ingest stays. */
  expected?: string;
  labels?: Labels;
}

/**
 * The one writer of an ingest; the caller disposes it. Disposing without a commit keeps what was written, so that a
 * later writer can go on; `abort` of the store removes it.
 */
export interface ContentWriter extends AsyncDisposable {
  status(): IngestStatus;
  /** Of what was written so far. */
  digest(): string;
  /**
   * Appends, maybe a moment after it resolves: `data` must stay as it is until then. Throws resource-exhausted when the
   * disk is full, or was for a write before; the ingest is then gone.
   */
  write(data: Uint8Array): Promise<void>;
  /** Only to 0. */
  truncate(size: number): Promise<void>;
  /** Durable when it resolves. Throws already-exists when the blob came about meanwhile; the ingest is then gone. */
  commit(ctx: CallContext, options?: CommitOptions): Promise<ContentInfo>;
}

export interface ReadRange {
  /** First byte; 0 by default. After the end it throws out-of-range. */
  offset?: number;
  /** Bytes, as far as there are any; to the end by default. */
  size?: number;
}

/** Everything is seen within `ctx.namespace`. Unknown digests and references throw not-found. */
export interface ContentStore {
  info(ctx: CallContext, digest: string): Promise<ContentInfo>;
  list(ctx: CallContext, filter?: Filter): AsyncIterable<ContentInfo>;
  /** `paths` as in a field mask: `labels` or `labels.KEY`; empty replaces all labels. */
  update(ctx: CallContext, digest: string, labels: Labels, paths: readonly string[]): Promise<ContentInfo>;
  /** Forgets the blob; the file goes at the next collection. */
  delete(ctx: CallContext, digest: string): Promise<void>;
  /** Yields pieces of at most 256 KiB, which are the caller's to keep. */
  read(ctx: CallContext, digest: string, range?: ReadRange): AsyncIterable<Uint8Array>;
  /**
   * Throws unavailable while another writer holds the reference, already-exists when `expected` is there (it is
   * attached to the context's lease all the same).
   */
  openWriter(ctx: CallContext, options: WriterOptions): Promise<ContentWriter>;
  status(ctx: CallContext, ref: string): Promise<IngestStatus>;
  statuses(ctx: CallContext, filter?: Filter): Promise<IngestStatus[]>;
  /** Removes an ingest. */
  abort(ctx: CallContext, ref: string): Promise<void>;
}
