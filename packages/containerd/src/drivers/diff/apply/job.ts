/** What the main thread asks an apply thread to do, and what it answers. Plain data: it crosses threads. */
import type {Compression} from '@longshore/oci';

/** Where a layer goes. */
export type ApplyTarget =
  /**
   * Straight into the upper directory of an overlay that is not mounted; whiteouts become what overlayfs makes of
   * them. `lower` is from the top down.
   */
  | {kind: 'overlay'; upper: string; lower: string[]; attributePrefix: 'trusted.' | 'user.'}
  /** A directory that holds the parents' content already: whiteouts delete. */
  | {kind: 'directory'; path: string}
  /** The same, mounted for the occasion. */
  | {kind: 'mounts'; mounts: {type: string; source: string; target: string; options: string[]}[]};

export interface ApplyJob {
  /** File of the blob. */
  blob: string;
  /** Digest of the file, checked. */
  digest: string;
  compression: Compression;
  target: ApplyTarget;
  /** Bytes that the uncompressed tar may have. */
  maxBytes: number;
  maxEntries: number;
  syncFs: boolean;
  /** The job ends soon after the first element becomes 1. */
  cancel: Int32Array;
}

export interface ApplyResult {
  /** Of the uncompressed tar. */
  digest: string;
  size: number;
  /** Extended attributes that the file system could not take, a few of them by name. */
  lostAttributes: string[];
}
