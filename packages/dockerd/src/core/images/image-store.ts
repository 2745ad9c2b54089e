/** What images need of containerd, which keeps all of them. Implemented in `drivers/images`. */
import type {Descriptor, Image, Platform} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';

/** A name and what it points at. */
export interface ImageRecord {
  /** `docker.io/library/busybox:latest` */
  name: string;
  target: Descriptor;
  labels: Record<string, string>;
  createdAt: Date;
  updatedAt: Date;
}

/** One platform of an image, as its manifest and configuration describe it. */
export interface ImageParts {
  manifest: Descriptor;
  layers: Descriptor[];
  configDescriptor: Descriptor;
  config: Image;
}

/** An entry of an index, or the one manifest of an image without one. */
export interface ImageManifest {
  descriptor: Descriptor;
  kind: 'image' | 'attestation' | 'unknown';
  /** Undefined when its content is not here, or it is no image. */
  parts: ImageParts | undefined;
  /** Digest of the manifest that an attestation is about. */
  attests: string;
  /** Bytes of what is here of it. */
  contentSize: number;
}

export interface NewLayerImage {
  /** The layer, compressed or not. */
  layer: AsyncIterable<Uint8Array>;
  /** The configuration but for its root file system. */
  config: (diffId: string) => Image;
}

/** What happens to one blob or layer while an image moves. Bytes are `current` of `total`. */
export type TransferProgress =
  | {type: 'resolved'; digest: string}
  | {type: 'blob'; action: BlobAction; descriptor: Descriptor; current: number; total: number; from: string}
  | {type: 'layer'; action: 'extracting' | 'extracted' | 'exists'; descriptor: Descriptor}
  | {type: 'retry'; descriptor: Descriptor; delayMs: number};

export type BlobAction = 'waiting' | 'downloading' | 'downloaded' | 'exists' | 'uploading' | 'uploaded' | 'mounted';

/** Registry credentials of a request; none of it may be given. */
export interface RegistryCredentials {
  username: string;
  password: string;
  identityToken: string;
  registryToken: string;
}

export interface TransferOptions {
  /** Full name with tag or digest. */
  reference: string;
  platform: Platform | undefined;
  credentials: RegistryCredentials | undefined;
  onProgress(event: TransferProgress): void;
}

export interface ImageStore {
  list(ctx: CallContext): Promise<ImageRecord[]>;
  get(ctx: CallContext, name: string): Promise<ImageRecord | undefined>;
  /** Points a name, new or not, at an image; it has these labels and no others then. */
  put(ctx: CallContext, name: string, target: Descriptor, labels?: Record<string, string>): Promise<void>;
  /** Removes a name. With `sync` what only it kept is gone when this resolves. Throws `not-found`. */
  remove(ctx: CallContext, name: string, options: {sync: boolean}): Promise<void>;
  /** The image for a platform, by default this machine's. Throws `not-found` when it is not (wholly) here. */
  parts(ctx: CallContext, target: Descriptor, platform?: Platform): Promise<ImageParts>;
  manifests(ctx: CallContext, target: Descriptor): Promise<ImageManifest[]>;
  /** Unpacks what is not unpacked yet. */
  ensureUnpacked(ctx: CallContext, target: Descriptor, parts: ImageParts): Promise<void>;
  /** Bytes that the layer of each chain id takes when unpacked; undefined for those that are not. */
  unpackedSizes(ctx: CallContext, chainIds: readonly string[]): Promise<Map<string, number | undefined>>;
  /** Keeps what is made under the context that `action` gets until it ends. */
  withLease<T>(ctx: CallContext, action: (ctx: CallContext) => Promise<T>): Promise<T>;
  /** Stores and unpacks the images of an archive; names are left to the caller. */
  load(
    ctx: CallContext,
    archive: AsyncIterable<Uint8Array>,
    platform: Platform | undefined,
  ): Promise<{name: string; target: Descriptor}[]>;
  save(
    ctx: CallContext,
    images: readonly {name: string; target: Descriptor}[],
    platform: Platform | undefined,
  ): AsyncIterable<Uint8Array>;
  /** Makes an image of one layer; the name is left to the caller. */
  createFromLayer(ctx: CallContext, image: NewLayerImage): Promise<Descriptor>;
  /** Downloads and unpacks; the name is left to the caller. */
  pull(ctx: CallContext, options: TransferOptions): Promise<Descriptor>;
  /** The tags that a registry has of a repository, given by its full name. Throws `not-found`. */
  remoteTags(ctx: CallContext, repository: string, credentials: RegistryCredentials | undefined): Promise<string[]>;
  push(ctx: CallContext, target: Descriptor, options: TransferOptions): Promise<Descriptor>;
  /** What a registry has under a name. */
  inspectRemote(
    ctx: CallContext,
    reference: string,
    credentials: RegistryCredentials | undefined,
  ): Promise<{descriptor: Descriptor; platforms: Platform[]}>;
  /** Tries credentials on a registry; returns a token to keep in their place, or the empty string. */
  login(ctx: CallContext, domain: string, credentials: RegistryCredentials): Promise<string>;
}
