/** What volumes need of the disk and the kernel. Implemented in `drivers/volumes`. */
import type {CallContext} from '@longshore/base';
import type {Volume, VolumeMount} from './volume.ts';

export interface NewVolume {
  name: string;
  labels: Record<string, string> | null;
  options: Record<string, string> | null;
  mount: VolumeMount | undefined;
}

export interface VolumeDriver {
  /** All volumes on disk. Removes what a killed creation or removal left. */
  load(): Promise<Volume[]>;
  /** Makes the directories; the volume appears whole or not at all. */
  create(volume: NewVolume): Promise<Volume>;
  /** Removes it with its data. */
  remove(volume: Volume): Promise<void>;
  /** Mounts the volume's file system on its directory; fine when it is mounted, or has none. */
  mount(volume: Volume): Promise<void>;
  unmount(volume: Volume): Promise<void>;
  isMounted(volume: Volume): boolean;
  /** Bytes that its data take. */
  usage(ctx: CallContext, volume: Volume): Promise<number>;
  /** Fills the volume with a copy of a directory if it is empty. On failure it is empty again. */
  copyUp(ctx: CallContext, volume: Volume, source: string): Promise<void>;
}
