/** The port of the files under the content store. It knows nothing of namespaces, labels and leases. */
import type {Timestamp} from '../time.ts';

export interface IngestFileStatus {
  /** Bytes written so far. */
  readonly offset: number;
  /** Expected size in bytes; 0 when unknown. */
  readonly total: number;
  readonly startedAt: Timestamp;
  readonly updatedAt: Timestamp;
}

/** A blob being written, open for its one writer. Disposing it keeps the data on disk. */
export interface IngestFile extends AsyncDisposable {
  status(): IngestFileStatus;
  digest(): string;
  /**
   * Appends all of it, maybe a moment after it resolves: `data` must stay as it is until then. Throws
   * resource-exhausted when the disk is full, or was for a write before.
   */
  write(data: Uint8Array): Promise<void>;
  /** Empties the file. */
  reset(): Promise<void>;
  /**
   * Makes the data durable under its digest and removes the ingest, unless the blob is there already. The caller has
   * compared digest and size before, and keeps others away from this digest until its record exists.
   */
  publish(): Promise<void>;
}

export interface BlobFiles {
  /** A file with the blob's bytes; a store in another process makes a copy for a while. */
  path(digest: string): string | Promise<string>;
  /** Yields pieces of at most 256 KiB, which are the caller's to keep. Throws not-found. */
  read(digest: string, offset: number, size: number): AsyncIterable<Uint8Array>;
  removeBlob(digest: string): Promise<void>;
  listBlobs(): AsyncIterable<string>;
  /** Goes on where an earlier writer of this key stopped, or begins. */
  openIngest(key: string, total: number): Promise<IngestFile>;
  /** Undefined when there is no such ingest. */
  ingestStatus(key: string): Promise<IngestFileStatus | undefined>;
  removeIngest(key: string): Promise<void>;
  /**
   * Removes every ingest but those of `keys`, which is asked after the directory was read: an ingest that appears in
   * between has a key, since its record comes before its files.
   */
  removeOtherIngests(keys: () => ReadonlySet<string>): Promise<void>;
}
