/** Mounts as asked for (`HostConfig.Mounts`) and as made (`Mounts` of an inspect). */

export type MountType = 'bind' | 'volume' | 'tmpfs' | 'image' | 'npipe' | 'cluster';

export type MountPropagation = 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';

/** --mount; every key that is empty is left out. */
export interface MountRequest {
  Type?: MountType;
  /** Host path, volume name or image reference; none for tmpfs and anonymous volumes. */
  Source?: string;
  Target?: string;
  ReadOnly?: boolean;
  Consistency?: string;
  BindOptions?: BindOptions | null;
  VolumeOptions?: VolumeOptions | null;
  ImageOptions?: {Subpath?: string} | null;
  TmpfsOptions?: TmpfsOptions | null;
  ClusterOptions?: object | null;
}

/** For type `bind`. Read-only is recursive where the kernel can, unless told otherwise. */
export interface BindOptions {
  Propagation?: '' | MountPropagation;
  NonRecursive?: boolean;
  CreateMountpoint?: boolean;
  ReadOnlyNonRecursive?: boolean;
  ReadOnlyForceRecursive?: boolean;
}

/** For type `volume`. */
export interface VolumeOptions {
  /** Do not fill an empty volume from the image. */
  NoCopy?: boolean;
  Labels?: Record<string, string> | null;
  /** Of the volume, if it has to be made. */
  DriverConfig?: {Name?: string; Options?: Record<string, string> | null} | null;
  Subpath?: string;
}

/** For type `tmpfs`. */
export interface TmpfsOptions {
  SizeBytes?: number;
  /** Permission bits as a decimal number. */
  Mode?: number;
  /** `[['noexec'], ['size', '1m']]` */
  Options?: string[][] | null;
}

/** One mount of an existing container. */
export interface MountPoint {
  Type: MountType;
  /** Of the volume. */
  Name?: string;
  /** On the host; empty for tmpfs. */
  Source: string;
  Destination: string;
  /** Of the volume. */
  Driver?: string;
  /** The options of the request: `ro`, `z`. */
  Mode: string;
  RW: boolean;
  /** Empty for volumes. */
  Propagation: '' | MountPropagation;
}
