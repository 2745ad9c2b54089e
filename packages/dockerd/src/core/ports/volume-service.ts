/** What containers need of volumes. Implemented by the volumes part of the core. */
import type {CallContext} from '@longshore/base';

export interface VolumeRequest {
  /** Empty for an anonymous volume: the service draws a name of 64 hex digits. */
  name: string;
  /** Empty for `local`. */
  driver: string;
  options: Record<string, string>;
  labels: Record<string, string>;
}

export interface VolumeHandle {
  name: string;
  driver: string;
  /** Host directory of its data; stays valid while a container holds a reference. */
  mountpoint: string;
  scope: string;
}

export interface VolumeService {
  /** Finds or creates a volume and records that `containerId` refers to it. Throws `invalid-argument`, `not-found`. */
  acquire(ctx: CallContext, request: VolumeRequest, containerId: string): Promise<VolumeHandle>;
  /** Drops the reference; the volume stays. Fine when there is none. */
  release(ctx: CallContext, name: string, containerId: string): Promise<void>;
  /** Makes the volume usable for a start of the container; returns the host path. Counted until `unmount`. */
  mount(ctx: CallContext, name: string, containerId: string): Promise<string>;
  unmount(ctx: CallContext, name: string, containerId: string): Promise<void>;
  /** Fills a volume that is still empty from a directory of the image, with owners, modes, links and xattrs. */
  copyUp(ctx: CallContext, name: string, sourceDirectory: string): Promise<void>;
  /** Removes a volume if it is anonymous and nobody refers to it any more (`rm -v`, `--rm`). */
  removeAnonymous(ctx: CallContext, name: string): Promise<void>;
  /** After a start of the daemon: the references that the containers on disk hold, and which of them are mounted. */
  restore(references: readonly {name: string; containerId: string; mounted: boolean}[]): Promise<void>;
}
