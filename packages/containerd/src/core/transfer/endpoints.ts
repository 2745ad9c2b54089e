/** What a transfer leads from and to. */
import type {Descriptor} from '../metadata/records.ts';
import type {Labels} from '../names.ts';

export interface TransferPlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
}

export type TransferCredentials =
  | {readonly username: string; readonly password: string}
  /** A refresh token. */
  | {readonly identityToken: string}
  /** Sent as it is, as a bearer token. */
  | {readonly registryToken: string};

export interface RegistryEndpoint {
  readonly type: 'registry';
  readonly reference: string;
  /** Asked with the host of a server; absent when the client offers none. */
  readonly credentials?: (host: string) => Promise<TransferCredentials | undefined>;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Directory of `hosts.toml` files; empty for the one of the configuration. */
  readonly hostsDir: string;
  /** `http`, `https`, or empty to find out. */
  readonly scheme: '' | 'http' | 'https';
  /** Gets lines about each request; absent when nobody wants them. */
  readonly debug?: {readonly dump: boolean; readonly trace: boolean; write(text: string): void};
}

/** A name of an image, or where one may come from. */
export interface ImageReference {
  readonly name: string;
  /** `name` is a repository: a tag or a digest is put behind it. */
  readonly isPrefix: boolean;
  /** An image may bring a name of its own outside of the repository. */
  readonly allowOverwrite: boolean;
  /** Also name the image by its digest. */
  readonly addDigest: boolean;
  /** But only when it has no other name. */
  readonly skipNamedDigest: boolean;
}

export interface StoreEndpoint {
  readonly type: 'store';
  readonly name: string;
  readonly labels: Labels;
  /** Whose content is wanted; none means all. */
  readonly platforms: readonly TransferPlatform[];
  readonly allMetadata: boolean;
  /** 0 means no limit. */
  readonly manifestLimit: number;
  readonly extraReferences: readonly ImageReference[];
  readonly unpacks: readonly {readonly platform?: TransferPlatform; readonly snapshotter: string}[];
}

export interface ImportEndpoint {
  readonly type: 'import';
  /** Gzip layers that are not compressed, where the archive leaves the manifest to us. */
  readonly compress: boolean;
  /** The archive, read once. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface ExportEndpoint {
  readonly type: 'export';
  readonly platforms: readonly TransferPlatform[];
  readonly allPlatforms: boolean;
  readonly skipDockerManifest: boolean;
  readonly skipForeignLayers: boolean;
  /** Resolves when the other end has taken everything. */
  write(bytes: AsyncIterable<Uint8Array>): Promise<void>;
}

export type Endpoint = RegistryEndpoint | StoreEndpoint | ImportEndpoint | ExportEndpoint;

/** One step of a transfer. Without a name it is about the whole. */
export interface TransferProgress {
  readonly event: string;
  readonly name?: string;
  /** Names of what refers to it. */
  readonly parents?: readonly string[];
  /** Bytes. */
  readonly progress?: number;
  readonly total?: number;
  readonly descriptor?: Descriptor;
}

export type ProgressListener = (progress: TransferProgress) => void;

/** As the original shows it in progress and errors. */
export function describeEndpoint(endpoint: Endpoint): string {
  if (endpoint.type === 'registry') return `OCI Registry (${endpoint.reference})`;
  if (endpoint.type === 'store') return `Local Image Store (${endpoint.name})`;
  return endpoint.type === 'import' ? 'Image Import Stream' : 'Image Export Stream';
}
