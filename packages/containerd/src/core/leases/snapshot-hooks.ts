import type {CollectorTriggers} from '../gc/triggers.ts';
import type {MetadataStore} from '../metadata/store.ts';
import type {SnapshotHooks} from '../snapshots/snapshotter.ts';
import {attachToLease} from './leases.ts';

/** Ties snapshotters to namespaces, leases and the collector, inside the transactions of theirs. */
export function snapshotHooks(metadata: MetadataStore, collector: CollectorTriggers): SnapshotHooks {
  return {
    created(ctx, snapshotter, key) {
      if (!metadata.namespaces.get(ctx.namespace)) metadata.namespaces.put({name: ctx.namespace, labels: {}});
      attachToLease(metadata, ctx, {type: `snapshots/${snapshotter}`, id: key});
      collector.mutated();
    },
    removed(namespace, snapshotter, key) {
      metadata.leaseResources.deleteEverywhere(namespace, {type: `snapshots/${snapshotter}`, id: key});
      collector.removed();
    },
  };
}
