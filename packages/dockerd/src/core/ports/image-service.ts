/** What containers need of images. Implemented by the images part of the core. */
import type {CallContext} from '@longshore/base';
import type {ContainerConfig} from '../containers/documents/container-config.ts';

export interface Platform {
  os: string;
  architecture: string;
  variant?: string;
}

/** An image that is ready to be run: its content is here and its layers are unpacked. */
export interface ResolvedImage {
  /** `sha256:…`: the digest of the manifest or index that the name points at. */
  id: string;
  /** Canonical name (`docker.io/library/busybox:latest`), or empty when it was found by id only. */
  name: string;
  platform: Platform;
  /** Chain id of the top layer: name of the committed snapshot; empty for an image without layers. */
  chainId: string;
  /** The image's own configuration; every field present, as `containerConfig.zero()` has them. */
  config: ContainerConfig;
  /** Digest of the platform's manifest and its media type and size, for the container's record. */
  manifest: {mediaType: string; digest: string; size: number};
}

export interface ImageService {
  /**
   * Finds an image by name, id or id prefix, and unpacks its layers if that has not been done. `platform` is `os`,
   * `os/arch` or `os/arch/variant`, or empty. Throws `not-found` (`No such image: nosuch:latest`), `invalid-argument`.
   */
  resolve(ctx: CallContext, reference: string, platform: string): Promise<ResolvedImage>;
}

/** What images need of containers; implemented by the containers part of the core. */
export interface ImageUsers {
  /** Containers made from the image with this id, running or not. `reference` is the name they were created with. */
  usersOf(imageId: string): {id: string; name: string; running: boolean; reference: string}[];
}
