import type {CallContext} from '@longshore/base';

/** The writable file system of a container: a snapshot on top of its image, mounted while it is used. */
export interface RootfsService {
  /**
   * Makes the snapshot `id` on top of the image's chain id (empty for none). `size` is the most that it may hold in bytes;
   * throws, in Docker's words, where that cannot be limited.
   */
  prepare(ctx: CallContext, id: string, chainId: string, size?: number): Promise<void>;
  /** Where it is, or would be, mounted. */
  path(id: string): string;
  /**
   * Mounts it and returns the path. Fine when it is mounted. With `shifted` it shows the ids of remapped containers; the
   * snapshot always has the container's own.
   */
  mount(ctx: CallContext, id: string, shifted: boolean): Promise<string>;
  /** Fine when it is not mounted. */
  unmount(id: string): Promise<void>;
  /** Unmounts and removes it for good. Fine when it is gone. */
  remove(ctx: CallContext, id: string): Promise<void>;
  /** Bytes that the container itself has written, and those of the whole file system. */
  sizes(ctx: CallContext, id: string): Promise<{own: number; total: number}>;
  /** Paths that differ from the image: 0 modified, 1 added, 2 deleted. */
  changes(ctx: CallContext, id: string): Promise<{path: string; kind: 0 | 1 | 2}[]>;
  /** After a start of the daemon: unmounts everything but `mounted`, and removes snapshots that nobody owns. */
  restore(ctx: CallContext, owned: ReadonlySet<string>, mounted: ReadonlySet<string>): Promise<void>;
}
