/** What a commit needs of containerd. */
import type {Descriptor, Image} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';

export interface CommitSource {
  /** The container whose file system is taken. */
  containerId: string;
  /** Manifest of the image that the container was made from. */
  base: Descriptor;
  /** The new configuration out of the base's one and the diff id of the new layer. */
  config: (base: Image, diffId: string) => Image;
}

export interface ContainerCommitter {
  /**
   * Stores an image of the base's layers and one more, which has what the container changed, and unpacks it. Returns its
   * manifest; the name is left to the caller, who holds a lease. Throws `not-found` when the base's content is gone.
   */
  commit(ctx: CallContext, source: CommitSource): Promise<Descriptor>;
}
