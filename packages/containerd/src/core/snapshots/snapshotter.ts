/**
 * The port of a snapshotter: what services, garbage collection and the differ need, for every implementation
 * (overlayfs, native, a proxy to another process). Keys and names belong to `ctx.namespace`; two namespaces never see
 * each other's snapshots.
 */
import type {CallContext} from '@longshore/base';
import type {Timestamp} from '../time.ts';

export type SnapshotKind = 'view' | 'active' | 'committed';

/** A mount as containerd hands it to its clients; the first of a list is the lowest. */
export interface Mount {
  type: string;
  source: string;
  /** Path below the root that the mount goes to; empty for the root itself. */
  target: string;
  options: string[];
}

export interface SnapshotInfo {
  name: string;
  /** Name of the committed parent; empty for a base. */
  parent: string;
  kind: SnapshotKind;
  labels: Record<string, string>;
  createdAt: Timestamp;
  updatedAt: Timestamp;
}

export interface SnapshotUsage {
  /** Bytes of disk blocks. */
  size: number;
  inodes: number;
}

/** A snapshot as the garbage collector sees it. */
export interface SnapshotNode {
  namespace: string;
  name: string;
  /** Empty for a base. A live snapshot keeps its parent. */
  parent: string;
  labels: Record<string, string>;
}

/**
 * Contract: `prepare` and `view` throw `already-exists` for a key or `containerd.io/snapshot.ref` target in use and
 * `not-found` for a parent that is not there or not committed; `remove` throws `failed-precondition` while children
 * exist; everything throws `not-found` for an unknown key. What a failed or killed call began is not visible.
 * A snapshot created under `ctx.lease` is a resource of that lease from its first instant.
 */
export interface Snapshotter extends AsyncDisposable {
  /** Name of the plugin and in API requests: `overlayfs`, `native`. */
  readonly name: string;
  prepare(ctx: CallContext, key: string, parent: string, labels?: Record<string, string>): Promise<Mount[]>;
  view(ctx: CallContext, key: string, parent: string, labels?: Record<string, string>): Promise<Mount[]>;
  /** Mounts of an active snapshot or a view. */
  mounts(ctx: CallContext, key: string): Promise<Mount[]>;
  /**
   * Makes the active snapshot `key` the committed `name`; its disk usage is computed and kept. With `parent` it becomes
   * a child of that committed one, if it was prepared without any: layers may then be unpacked in any order. Throws
   * unimplemented where a snapshot is more than what it adds to its parent.
   */
  commit(ctx: CallContext, name: string, key: string, labels?: Record<string, string>, parent?: string): Promise<void>;
  /** Gone from the API at once; its files are deleted in the background. */
  remove(ctx: CallContext, key: string): Promise<void>;
  stat(ctx: CallContext, key: string): Promise<SnapshotInfo>;
  /** Replaces labels as `paths` says (`labels`, `labels.KEY`); an empty list replaces all labels. */
  update(
    ctx: CallContext,
    key: string,
    labels: Record<string, string>,
    paths: readonly string[],
  ): Promise<SnapshotInfo>;
  /** Of an active snapshot or view: what it holds now. Of a committed one: what it added to its parent. */
  usage(ctx: CallContext, key: string): Promise<SnapshotUsage>;
  /** All snapshots of `ctx.namespace` in order of their names, read in pages. */
  walk(ctx: CallContext): AsyncIterable<SnapshotInfo>;
  /** Deletes the files that no snapshot of any namespace owns; resolves when they are gone. */
  cleanup(ctx: CallContext): Promise<void>;

  /** Every snapshot of every namespace. Synchronous: the collector calls it inside its own database transaction. */
  listNodes(): SnapshotNode[];
  /**
   * Removes records only, children before parents whatever the order given; synchronous and part of the caller's
   * transaction. Call `cleanup` after it for the files.
   */
  removeNodes(nodes: readonly {namespace: string; name: string}[]): void;
}

/** What a snapshotter tells the rest of the metadata store, inside the transaction that makes the record. */
export interface SnapshotHooks {
  /** Adds the resource to `ctx.lease` when there is one; throws `not-found` when that lease is gone. */
  created(ctx: CallContext, snapshotter: string, key: string): void;
  /** Forgets the name of a removed snapshot in every lease of the namespace. */
  removed(namespace: string, snapshotter: string, key: string): void;
  /** An active snapshot has become a committed one of another name. Throws as `created`. */
  committed(ctx: CallContext, snapshotter: string, key: string, name: string): void;
}

/** How the message of a snapshotter begins that this machine has no use for; `ctr plugins ls` shows it as skipped. */
export const skipped = 'skip plugin: ';
