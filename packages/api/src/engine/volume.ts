/** Volumes. Cluster volumes (CSI) belong to swarm and are not described. */

/** Answer of GET /volumes/{name}. */
export interface Volume {
  CreatedAt?: string;
  Driver: string;
  Labels: Record<string, string> | null;
  Mountpoint: string;
  Name: string;
  Options: Record<string, string> | null;
  Scope: 'local' | 'global';
  /** What the driver says. */
  Status?: Record<string, unknown>;
  /** Only in /system/df; -1 is unknown. */
  UsageData?: {RefCount: number; Size: number} | null;
  ClusterVolume?: object;
}

/** Body of POST /volumes/create. Without a name an anonymous volume is made. */
export interface VolumeCreateRequest {
  Name?: string;
  Driver?: string;
  DriverOpts?: Record<string, string> | null;
  Labels?: Record<string, string> | null;
  ClusterVolumeSpec?: object | null;
}

/** Answer of GET /volumes. */
export interface VolumeListResponse {
  Volumes: Volume[] | null;
  Warnings: string[] | null;
}

/** Answer of POST /volumes/prune: names. */
export interface VolumesPruneResponse {
  VolumesDeleted: string[] | null;
  /** bytes */
  SpaceReclaimed: number;
}
