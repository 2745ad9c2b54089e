/** What the metadata database keeps, one type per kind of object. Everything but namespaces belongs to a namespace. */
import type {Labels} from '../names.ts';
import type {Timestamp} from '../time.ts';

/** A google.protobuf.Any: a message or JSON text that containerd passes on without looking inside. */
export interface TypedValue {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

export interface NamespaceRecord {
  readonly name: string;
  readonly labels: Labels;
}

export interface ContainerRecord {
  readonly id: string;
  readonly labels: Labels;
  readonly image: string;
  readonly runtime: {readonly name: string; readonly options?: TypedValue};
  /** The OCI runtime specification, as JSON. */
  readonly spec?: TypedValue;
  readonly snapshotter: string;
  readonly snapshotKey: string;
  readonly extensions: {readonly [name: string]: TypedValue};
  readonly sandbox: string;
  readonly createdAt: Timestamp;
  readonly updatedAt: Timestamp;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly annotations: Labels;
}

export interface ImageRecord {
  readonly name: string;
  readonly labels: Labels;
  readonly target: Descriptor;
  readonly createdAt: Timestamp;
  readonly updatedAt: Timestamp;
}

export interface BlobRecord {
  readonly digest: string;
  readonly size: number;
  readonly labels: Labels;
  readonly createdAt: Timestamp;
  readonly updatedAt: Timestamp;
}

export interface IngestRecord {
  readonly ref: string;
  /** Its name on disk, unique among all namespaces and never used again. */
  readonly key: string;
  readonly expected: string;
  /** When the collector may remove it; an ingest of a lease lives as long as the lease. */
  readonly expiresAt?: Timestamp;
}

export interface LeaseRecord {
  readonly id: string;
  readonly labels: Labels;
  readonly createdAt: Timestamp;
}

export interface LeaseResource {
  /** `content`, `ingests`, `images`, `mounts` or `snapshots/<snapshotter>`. */
  readonly type: string;
  readonly id: string;
}

export interface SandboxRecord {
  readonly id: string;
  readonly labels: Labels;
  readonly runtime: {readonly name: string; readonly options?: TypedValue};
  readonly spec?: TypedValue;
  readonly sandboxer: string;
  readonly extensions: {readonly [name: string]: TypedValue};
  readonly createdAt: Timestamp;
  readonly updatedAt: Timestamp;
}
