/** The snapshots API of another process, with our own types. */
import {Kind} from '@longshore/api/gen/containerd/services/snapshots/v1/snapshots';
import type {CallContext} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import {isErrorCode} from '@longshore/errdefs';
import {targetLabel} from '../../core/snapshots/record-rules.ts';
import type {Mount, SnapshotUsage} from '../../core/snapshots/snapshotter.ts';

export class BackendSnapshots {
  readonly #snapshots: ContainerdClient['snapshots'];
  readonly #snapshotter: string;

  constructor(snapshots: ContainerdClient['snapshots'], snapshotter: string) {
    this.#snapshots = snapshots;
    this.#snapshotter = snapshotter;
  }

  async create(
    ctx: CallContext,
    kind: 'active' | 'view',
    key: string,
    parent: string,
    labels: Record<string, string>,
  ): Promise<Mount[]> {
    const request = {snapshotter: this.#snapshotter, key, parent, labels};
    const call = kind === 'active' ? this.#snapshots.prepare : this.#snapshots.view;
    return (await call(withoutLease(ctx), request)).mounts;
  }

  async mounts(ctx: CallContext, key: string): Promise<Mount[]> {
    return (await this.#snapshots.mounts(withoutLease(ctx), {snapshotter: this.#snapshotter, key})).mounts;
  }

  /** A commit that was done before, by a daemon that died before it could record it, is fine. */
  async commit(ctx: CallContext, name: string, key: string, labels: Record<string, string>): Promise<void> {
    try {
      await this.#snapshots.commit(withoutLease(ctx), {snapshotter: this.#snapshotter, name, key, labels});
    } catch (error) {
      if (!isErrorCode(error, 'not-found', 'already-exists')) throw error;
      const {info} = await this.#snapshots.stat(withoutLease(ctx), {snapshotter: this.#snapshotter, key: name});
      if (info?.kind !== Kind.COMMITTED) throw error;
    }
  }

  async remove(ctx: CallContext, key: string): Promise<void> {
    await this.#snapshots.remove(withoutLease(ctx), {snapshotter: this.#snapshotter, key});
  }

  async usage(ctx: CallContext, key: string): Promise<SnapshotUsage> {
    const {size, inodes} = await this.#snapshots.usage(withoutLease(ctx), {snapshotter: this.#snapshotter, key});
    return {size: Number(size), inodes: Number(inodes)};
  }

  /** Of the namespace. */
  async keys(ctx: CallContext): Promise<string[]> {
    const keys: string[] = [];
    for await (const {info} of this.#snapshots.list(withoutLease(ctx), {snapshotter: this.#snapshotter})) {
      keys.push(...info.map(({name}) => name));
    }
    return keys;
  }

  /** The committed snapshot that stands for `target` on top of `parent`. */
  async findTarget(ctx: CallContext, target: string, parent: string): Promise<string | undefined> {
    const filters = [`labels.${JSON.stringify(targetLabel)}==${JSON.stringify(target)}`];
    for await (const {info} of this.#snapshots.list(withoutLease(ctx), {snapshotter: this.#snapshotter, filters})) {
      const found = info.find(({kind, parent: below}) => kind === Kind.COMMITTED && below === parent);
      if (found) return found.name;
    }
    return undefined;
  }

  /** Not every snapshotter has files of its own to clean up. */
  async cleanup(ctx: CallContext): Promise<void> {
    try {
      await this.#snapshots.cleanup(withoutLease(ctx), {snapshotter: this.#snapshotter});
    } catch (error) {
      if (!isErrorCode(error, 'unimplemented')) throw error;
    }
  }
}

/** Our leases mean nothing to the other side. */
function withoutLease(ctx: CallContext): CallContext {
  return {...ctx, lease: ''};
}
