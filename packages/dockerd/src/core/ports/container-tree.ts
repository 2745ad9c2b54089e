import type {Owner, Remapping} from '../users/remapping.ts';

/** The files of one container, seen from its own root: nothing in it leads a path out of it. */

/** A path of a request, made absolute. */
export interface ContainerPath {
  /** Absolute and without `..`. */
  path: string;
  /** It ended in `/` or `/.`: a link at its end is followed, and what is there must be a directory. */
  isDirectory: boolean;
  /** It ended in `/.`: the content rather than the directory. */
  isContent: boolean;
}

export interface PathStatus {
  /** Last name of the path; `/` for the root, `.` for the content of a directory. */
  name: string;
  size: number;
  /** As stat(2): type and permissions. */
  mode: number;
  /** Nanoseconds since 1970. */
  mtime: bigint;
  /** Absolute path where a symbolic link leads; empty for everything else. */
  linkTarget: string;
}

export interface ExtractOptions {
  /** A directory never becomes a file, nor a file a directory. */
  keepTypes: boolean;
  /** Of everything that is written, as the container counts; undefined for the owners in the archive. */
  owner: Owner | undefined;
  signal: AbortSignal;
}

/** Errors: `not-found` for a missing path, `invalid-argument` for what is no directory. */
export interface ContainerTree extends Disposable {
  /** A link at the end is not followed. */
  status(path: ContainerPath): PathStatus;
  /** A tar of what is at the path, links not followed, in pieces. */
  archive(path: ContainerPath, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** A tar of everything, without what is mounted in it. */
  archiveAll(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Where a path leads when all links are followed. */
  resolve(path: string): string;
  /** Throws `not-found`, and `invalid-argument` for what is no directory. Links are followed. */
  checkDirectory(path: string): void;
  /** Unpacks an archive, which may be compressed, into a directory. */
  extract(directory: string, archive: AsyncIterable<Uint8Array>, options: ExtractOptions): Promise<void>;
}

export interface ContainerTrees {
  /** A mounted root. Archives have the owners that the container sees: `remapping` tells those of the machine. */
  open(root: string, remapping: Remapping | undefined): ContainerTree;
  /** What a process sees, its mounts included. Throws `conflict` when its root is not `root` (any more). */
  openProcess(pid: number, root: string, remapping: Remapping | undefined): ContainerTree;
  /** Binds a host path into a mounted root, whose links are not followed out of it. */
  bindInside(root: string, destination: string, source: string, options: {readOnly: boolean}): void;
}
