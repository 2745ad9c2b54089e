import type {CallContext} from '@longshore/base';

/**
 * What a container mounts that has to be mounted on the host first: images, and paths inside of volumes and images.
 * All of it lies below one directory for each container.
 */
export interface MountedParts {
  /** Keeps an image's files for a container, under a key that is returned; until `removeImages`. */
  prepareImage(ctx: CallContext, containerId: string, chainId: string): Promise<string>;
  /** Where `mountImage` will mount it. */
  imagePath(containerId: string, key: string): string;
  /** Mounts it read-only, with the ids of remapped containers if `shifted`, and returns the path. */
  mountImage(ctx: CallContext, containerId: string, key: string, shifted: boolean): Promise<string>;
  /**
   * Pins a path inside of a directory whose contents belong to containers: links are followed inside of it only, and
   * nobody can exchange what was found. Returns where it is mounted. Throws `cannot access path …`.
   */
  bindInside(containerId: string, base: string, subpath: string): Promise<string>;
  /** Unmounts all of a container. Fine when there is nothing. */
  unmount(containerId: string): Promise<void>;
  /** Forgets the images of a container that is removed. */
  removeImages(ctx: CallContext, keys: readonly string[]): Promise<void>;
  /** After a start of the daemon: unmounts what no running container uses, removes images that nobody owns. */
  restore(ctx: CallContext, owned: ReadonlySet<string>, mounted: ReadonlySet<string>): Promise<void>;
}
