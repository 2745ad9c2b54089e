/** image-spec, with the additions of Docker's own media types (which have the same JSON). */

/** Points at content by its digest. */
export interface Descriptor {
  mediaType: string;
  /** `sha256:<hex>` */
  digest: string;
  /** bytes */
  size: number;
  urls?: string[] | null;
  annotations?: Record<string, string> | null;
  /** The content itself, base64. */
  data?: string | null;
  platform?: Platform | null;
  artifactType?: string | null;
}

/** GOOS and GOARCH names; `unknown` twice marks an attestation in an index. */
export interface Platform {
  architecture: string;
  os: string;
  'os.version'?: string;
  'os.features'?: string[];
  variant?: string;
}

/** An OCI index or a Docker manifest list. */
export interface Index {
  schemaVersion: 2;
  mediaType?: string;
  artifactType?: string;
  manifests: Descriptor[];
  subject?: Descriptor;
  annotations?: Record<string, string>;
}

/** An OCI manifest or a Docker schema 2 manifest. */
export interface Manifest {
  schemaVersion: 2;
  mediaType?: string;
  artifactType?: string;
  /** The `Image` JSON. */
  config: Descriptor;
  /** From the base upwards. */
  layers: Descriptor[];
  subject?: Descriptor;
  annotations?: Record<string, string>;
}

/** The image configuration blob that a manifest's `config` points at. */
export interface Image extends Platform {
  /** RFC 3339 */
  created?: string;
  author?: string;
  config?: ImageConfig;
  rootfs: RootFs;
  history?: History[];
  /** Written by Docker's commit and legacy builder, not in the spec. */
  comment?: string;
  container?: string;
  container_config?: object;
  docker_version?: string;
}

/** What a container made from the image starts with. Docker writes null for empty lists and maps. */
export interface ImageConfig {
  User?: string;
  /** Keys `80/tcp`. */
  ExposedPorts?: Record<string, object> | null;
  Env?: string[] | null;
  Entrypoint?: string[] | null;
  Cmd?: string[] | null;
  Volumes?: Record<string, object> | null;
  WorkingDir?: string;
  Labels?: Record<string, string> | null;
  StopSignal?: string;
  /** Deprecated (Windows): Cmd is one shell line already. */
  ArgsEscaped?: boolean;
  /** Docker's additions from here on. */
  Healthcheck?: HealthConfig | null;
  OnBuild?: string[] | null;
  Shell?: string[] | null;
}

/** A Docker health check; times in nanoseconds, 0 or absent means inherit. */
export interface HealthConfig {
  /** `[]` inherits, `['NONE']`, `['CMD', ...argv]` or `['CMD-SHELL', line]`. */
  Test?: string[] | null;
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

/** Digests of the uncompressed layers, from the base upwards. */
export interface RootFs {
  type: 'layers';
  diff_ids: string[];
}

/** One build step; those with `empty_layer` have no entry in `diff_ids`. */
export interface History {
  created?: string;
  created_by?: string;
  author?: string;
  comment?: string;
  empty_layer?: boolean;
}

/** The file `oci-layout`. */
export interface ImageLayout {
  imageLayoutVersion: '1.0.0';
}

/** An element of `manifest.json` in an archive of `docker save`; paths are relative to the archive's root. */
export interface ArchiveManifest {
  Config: string;
  RepoTags: string[] | null;
  Layers: string[];
  /** By diff id; only from Docker's graph-driver store. */
  LayerSources?: Record<string, Descriptor>;
}
