import type {CollectorTriggers} from '../gc/triggers.ts';
import type {MetadataStore} from '../metadata/store.ts';
import type {SnapshotHooks} from '../snapshots/snapshotter.ts';
import {attachToLease} from './leases.ts';

/** Ties snapshotters to namespaces, leases and the collector, inside the transactions of theirs. */
export function snapshotHooks(metadata: MetadataStore, collector: CollectorTriggers): SnapshotHooks {
  const forget = (namespace: string, snapshotter: string, key: string) =>
    metadata.leaseResources.deleteEverywhere(namespace, {type: `snapshots/${snapshotter}`, id: key});
  return {
    created(ctx, snapshotter, key) {
      if (!metadata.namespaces.get(ctx.namespace)) metadata.namespaces.put({name: ctx.namespace, labels: {}});
      attachToLease(metadata, ctx, {type: `snapshots/${snapshotter}`, id: key});
      collector.mutated();
    },
    removed(namespace, snapshotter, key) {
      forget(namespace, snapshotter, key);
      collector.removed();
    },
    committed(ctx, snapshotter, key, name) {
      forget(ctx.namespace, snapshotter, key); // nothing became garbage by it
      this.created(ctx, snapshotter, name);
    },
  };
}
