/** Images. */
import type {Descriptor, ImageConfig, Platform} from '../oci/image.ts';
import type {DriverData} from './common.ts';
import type {ContainerConfig} from './container-config.ts';

/** Answer of GET /images/{name}/json. */
export interface ImageInspect {
  /** Digest of the configuration, or of the manifest or index with the containerd store. */
  Id: string;
  RepoTags: string[];
  RepoDigests: string[];
  Parent: string;
  Comment: string;
  Created?: string;
  DockerVersion: string;
  Author: string;
  /** Older API versions get every key of a ContainerConfig. */
  Config: ImageConfig | ContainerConfig | null;
  Architecture: string;
  Variant?: string;
  Os: string;
  OsVersion?: string;
  /** bytes */
  Size: number;
  /** bytes; until API 1.43 */
  VirtualSize?: number;
  GraphDriver: DriverData;
  RootFS: {Type: string; Layers?: string[]};
  Metadata: {LastTagTime?: string};
  /** Until API 1.44. */
  Container?: string;
  ContainerConfig?: object | null;
  /** The rest only with the containerd store. */
  Descriptor?: Descriptor;
  /** With `manifests=1`. */
  Manifests?: ImageManifestSummary[];
}

/** An element of GET /images/json. Counts and sizes are -1 when they were not asked for. */
export interface ImageSummary {
  Containers: number;
  /** Unix seconds. */
  Created: number;
  Id: string;
  Labels: Record<string, string> | null;
  ParentId: string;
  RepoDigests: string[] | null;
  RepoTags: string[] | null;
  /** bytes */
  SharedSize: number;
  Size: number;
  /** bytes; until API 1.43 */
  VirtualSize?: number;
  Descriptor?: Descriptor;
  Manifests?: ImageManifestSummary[];
}

/** One manifest of a multi-platform image. Sizes in bytes. */
export interface ImageManifestSummary {
  ID: string;
  Descriptor: Descriptor;
  /** All its content is here. */
  Available: boolean;
  Size: {Content: number; Total: number};
  Kind: 'image' | 'attestation' | 'unknown';
  ImageData?: {Platform: Platform; Size: {Unpacked: number}; Containers: string[] | null} | null;
  AttestationData?: {For: string} | null;
}

/** An element of GET /images/{name}/history; `Id` is `<missing>` for steps without an image of their own. */
export interface ImageHistoryItem {
  Comment: string;
  /** Unix seconds. */
  Created: number;
  CreatedBy: string;
  Id: string;
  /** bytes */
  Size: number;
  Tags: string[] | null;
}

/** An element of DELETE /images/{name}. */
export interface ImageDeleteItem {
  Untagged?: string;
  Deleted?: string;
}

/** Answer of POST /images/prune. */
export interface ImagesPruneResponse {
  ImagesDeleted: ImageDeleteItem[] | null;
  /** bytes */
  SpaceReclaimed: number;
}

/** An element of GET /images/search. */
export interface ImageSearchItem {
  name: string;
  description: string;
  star_count: number;
  is_official: boolean;
  is_automated: boolean;
}

/** Answer of GET /distribution/{name}/json. */
export interface DistributionInspect {
  Descriptor: Descriptor;
  Platforms: Platform[];
}

/** A record of the build cache in /system/df. */
export interface BuildCacheRecord {
  ID: string;
  /** With the leading space: that is how the daemon writes it. */
  ' Parents'?: string[];
  Type: 'internal' | 'frontend' | 'source.local' | 'source.git.checkout' | 'exec.cachemount' | 'regular';
  Description: string;
  InUse: boolean;
  Shared: boolean;
  /** bytes */
  Size: number;
  CreatedAt: string;
  LastUsedAt: string | null;
  UsageCount: number;
}

/** Answer of POST /build/prune. */
export interface BuildPruneResponse {
  CachesDeleted: string[] | null;
  /** bytes */
  SpaceReclaimed: number;
}
