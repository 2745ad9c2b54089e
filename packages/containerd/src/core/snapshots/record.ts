/** What is kept about a snapshot, and the ports to where it is kept and to where its files are. */
import type {Labels} from '../names.ts';
import type {Timestamp} from '../time.ts';
import type {Mount, SnapshotKind, SnapshotNode, SnapshotUsage} from './snapshotter.ts';

export interface SnapshotRecord {
  /** Names the directory; never used twice by one snapshotter. */
  id: number;
  namespace: string;
  name: string;
  parent: SnapshotParent | undefined;
  kind: SnapshotKind;
  labels: Labels;
  createdAt: Timestamp;
  updatedAt: Timestamp;
  /** Known once the snapshot is committed. */
  usage: SnapshotUsage | undefined;
}

export interface SnapshotParent {
  id: number;
  name: string;
}

/** The records of one snapshotter. Synchronous; `transaction` makes several calls one, and joins an outer one. */
export interface SnapshotRecords {
  transaction<T>(action: () => T): T;
  get(namespace: string, name: string): SnapshotRecord | undefined;
  /** Ids of the chain below a record: its parent first, the base last. */
  ancestors(record: SnapshotRecord): number[];
  hasChildren(record: SnapshotRecord): boolean;
  insert(record: SnapshotRecord): void;
  /** Rewrites everything but id and namespace. */
  update(record: SnapshotRecord): void;
  delete(record: SnapshotRecord): void;
  /** Up to `limit` records of a namespace whose names come after `after`, in order. */
  page(namespace: string, after: string, limit: number): SnapshotRecord[];
  nodes(): SnapshotNode[];
  ids(): number[];
}

/** The files of one snapshotter: a directory per snapshot, named by its id. Disposing it does not wait for deletions. */
export interface SnapshotFiles extends AsyncDisposable {
  /**
   * Makes the directory: whole or not at all. `ancestors` as in `SnapshotRecords`; `labels` may ask for mapped ids.
   * Throws unimplemented when that cannot be.
   */
  create(id: number, kind: 'active' | 'view', ancestors: readonly number[], labels: Labels): Promise<void>;
  mounts(id: number, kind: 'active' | 'view', ancestors: readonly number[], labels: Labels): Mount[];
  /** A directory holds only what its snapshot adds to its parent, so that it may be given another one. */
  readonly hasLayers?: boolean;
  /** Disk usage of what the snapshot adds to its parent, the first of `ancestors`. */
  usage(id: number, ancestors: readonly number[], signal: AbortSignal): Promise<SnapshotUsage>;
  /** Labels that tell about the files; they are not kept. */
  labels?(id: number): {readonly [name: string]: string};
  /** Takes directories out of sight, durably enough for their ids to be forgotten, and deletes them in background. */
  discard(ids: readonly number[]): Promise<void>;
  /** Ids that have a directory. */
  list(): Promise<number[]>;
  /** Resolves when all that was discarded, now or by a process that died, is deleted. */
  settle(): Promise<void>;
}
