/** How entries of a layer find their place: the port of both ways to unpack. */
import type {DirectoryFd} from './directory-view.ts';

export interface LayerTree extends Disposable {
  readonly root: DirectoryFd;
  /**
   * The directory where an entry goes, made with its ancestors when it is missing. Links on the way are followed
   * inside the layer only. The descriptor belongs to the tree and is good until `release`. Throws
   * `invalid-argument` when something on the way is not a directory.
   */
  directory(components: readonly string[]): DirectoryFd;
  /** Closes descriptors that are not needed for what comes next. */
  release(): void;
  /** Makes the directory `name`, or leaves the one that is there. */
  makeDirectory(parent: DirectoryFd, name: string): void;
  /** Makes room for a new entry: whatever this layer or a lower one had under that name is gone afterwards. */
  clear(parent: DirectoryFd, name: string): void;
  /** True when a lower layer had this file and it is now here too, so that a hard link to it can be made. */
  copyUp(components: readonly string[]): boolean;
  /** An entry has been unpacked. */
  unpacked(components: readonly string[]): void;
  /** Hides what lower layers have under that name. */
  whiteout(components: readonly string[]): void;
  /** Hides all that lower layers have in that directory. */
  opaque(components: readonly string[]): void;
  /** Directories that came up from lower layers, with the times they should keep. */
  inheritedTimes(): Iterable<[path: string, mtime: bigint]>;
}
