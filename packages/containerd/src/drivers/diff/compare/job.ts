/** What the main thread asks a compare thread to do. Plain data: it crosses threads. */
import type {Compression} from '@longshore/oci';

export interface CompareMount {
  type: string;
  source: string;
  target: string;
  options: string[];
}

export interface CompareJob {
  /** Empty for an empty tree. */
  left: CompareMount[];
  right: CompareMount[];
  compression: Compression;
  /** Nanoseconds since 1970 that no time in the layer exceeds; undefined for none. */
  latest: bigint | undefined;
  /** Time of the entries that say that something is gone, in nanoseconds. */
  whiteoutTime: bigint;
  cancel: Int32Array;
}

export interface CompareResult {
  /** Digest of the uncompressed tar. */
  diffId: string;
}

/** A piece of the layer on its way to the main thread, which answers each with a `CompareAcknowledgement`. */
export interface ComparePiece {
  piece: Uint8Array;
}

export interface CompareAcknowledgement {
  control: 'taken';
}
