/** The port of the metadata database. Its calls are synchronous: see `write`. */
import type {StoredInventory} from '../gc/garbage.ts';
import type {ActivationRecord} from '../mounts/activation.ts';
import type {
  BlobRecord,
  ContainerRecord,
  ImageRecord,
  IngestRecord,
  LeaseRecord,
  LeaseResource,
  NamespaceRecord,
  SandboxRecord,
} from './records.ts';

/** Records of one kind, by namespace and key. Keys are the record's `id`, `name`, `digest` or `ref`. */
export interface Table<Record> {
  get(namespace: string, key: string): Record | undefined;
  /** In order of the keys. */
  list(namespace: string): Record[];
  /** Those of every namespace, read in pages: writing meanwhile is allowed. */
  listAll(): Iterable<{namespace: string; record: Record}>;
  /** Inserts or replaces, and makes the namespace when it is new. */
  put(namespace: string, record: Record): void;
  /** False when there was no such record. */
  delete(namespace: string, key: string): boolean;
}

export interface NamespaceTable {
  get(name: string): NamespaceRecord | undefined;
  list(): NamespaceRecord[];
  put(record: NamespaceRecord): void;
  delete(name: string): boolean;
}

export interface LeaseResourceTable {
  list(namespace: string, lease: string): LeaseResource[];
  /** Adding twice is the same as once. */
  add(namespace: string, lease: string, resource: LeaseResource): void;
  delete(namespace: string, lease: string, resource: LeaseResource): void;
  /** From every lease of the namespace. */
  deleteEverywhere(namespace: string, resource: LeaseResource): void;
}

export interface MetadataStore {
  readonly namespaces: NamespaceTable;
  readonly containers: Table<ContainerRecord>;
  readonly images: Table<ImageRecord>;
  readonly blobs: Table<BlobRecord>;
  readonly ingests: Table<IngestRecord>;
  readonly leases: Table<LeaseRecord>;
  readonly leaseResources: LeaseResourceTable;
  readonly sandboxes: Table<SandboxRecord>;
  readonly mounts: Table<ActivationRecord>;
  /** A number that was never returned before, not even before a crash; inside a transaction. */
  nextSequence(): number;
  /** Everything of every namespace, as far as the garbage collector needs it. */
  inventory(): StoredInventory;
  /** Names of the namespaces in which a blob is known. */
  namespacesOfBlob(digest: string): string[];
  /**
   * Runs `action` as one transaction: all of it or, when it throws, nothing; durable on return. It must not wait. No
   * other request runs in between, so what it reads stays true until it returns.
   */
  write<T>(action: () => T): T;
}
