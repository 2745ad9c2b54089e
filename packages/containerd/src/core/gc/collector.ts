/**
 * One garbage collection: mark and sweep of the records in one transaction, then the files of what went. Killed in
 * between, the files are orphans for the next start.
 */
import {backgroundContext, type Logger} from '@longshore/base';
import type {Content} from '../content/content.ts';
import type {EventPublisher} from '../events/events.ts';
import type {MetadataStore} from '../metadata/store.ts';
import type {Mounts} from '../mounts/mounts.ts';
import type {Snapshotter} from '../snapshots/snapshotter.ts';
import {now, type Timestamp} from '../time.ts';
import {findGarbage, type Garbage, type Inventory} from './garbage.ts';

export interface CollectorOptions {
  metadata: MetadataStore;
  content: Pick<Content, 'activeIngests' | 'release' | 'removeReleased' | 'files'>;
  snapshotters: readonly Snapshotter[];
  mounts: Pick<Mounts, 'cleanUp'>;
  events: EventPublisher;
  log: Logger;
}

export interface CollectionResult {
  /** Time that the sweep kept every other request waiting, in milliseconds. */
  pauseMs: number;
  removed: number;
  nextExpiry: Timestamp | undefined;
}

export async function collectGarbage(options: CollectorOptions): Promise<CollectionResult> {
  const {metadata, content, snapshotters, mounts, events, log} = options;
  const started = performance.now();
  const garbage = metadata.write(() => {
    const found = findGarbage(takeInventory(options), now());
    removeRecords(options, found);
    return found;
  });
  const pauseMs = performance.now() - started;
  content.release(garbage.blobs.map(blob => blob.digest));
  announce(events, garbage);
  for (const {record} of garbage.ingests) await content.files.removeIngest(record.key);
  await content.removeReleased();
  if (garbage.mounts.length > 0) await mounts.cleanUp(); // before the snapshots that are mounted there
  const touched = new Set(garbage.snapshots.map(snapshot => snapshot.snapshotter));
  for (const snapshotter of snapshotters) {
    if (touched.has(snapshotter.name)) await cleanUp(snapshotter, log);
  }
  const {blobs, images, leases, ingests, snapshots, nextExpiry} = garbage;
  const kinds = [blobs, images, leases, ingests, snapshots, garbage.mounts];
  const removed = kinds.reduce((sum, list) => sum + list.length, 0);
  return {pauseMs, removed, nextExpiry};
}

/** The records are right already: what one snapshotter cannot delete now does not hold up the others. */
async function cleanUp(snapshotter: Snapshotter, log: Logger): Promise<void> {
  try {
    await snapshotter.cleanup(backgroundContext(log));
  } catch (error) {
    log.warn({snapshotter: snapshotter.name, error}, 'cannot clean up after a collection');
  }
}

function takeInventory({metadata, content, snapshotters}: CollectorOptions): Inventory {
  return {
    ...metadata.inventory(),
    snapshots: snapshotters.flatMap(snapshotter =>
      snapshotter.listNodes().map(node => ({...node, snapshotter: snapshotter.name})),
    ),
    activeIngests: content.activeIngests(),
  };
}

function removeRecords({metadata, snapshotters}: CollectorOptions, garbage: Garbage): void {
  for (const {namespace, digest} of garbage.blobs) metadata.blobs.delete(namespace, digest);
  for (const {namespace, name} of garbage.images) metadata.images.delete(namespace, name);
  for (const {namespace, id} of garbage.leases) metadata.leases.delete(namespace, id);
  for (const {namespace, name} of garbage.mounts) {
    metadata.mounts.delete(namespace, name);
    metadata.leaseResources.deleteEverywhere(namespace, {type: 'mounts', id: name});
  }
  for (const {namespace, record} of garbage.ingests) metadata.ingests.delete(namespace, record.ref);
  for (const snapshotter of snapshotters) {
    const nodes = garbage.snapshots.filter(node => node.snapshotter === snapshotter.name);
    if (nodes.length > 0) snapshotter.removeNodes(nodes);
  }
}

/** As the original: what a client would have removed itself is announced, blobs and leases are not. */
function announce(events: EventPublisher, garbage: Garbage): void {
  for (const {namespace, name} of garbage.images) events.publish(namespace, {topic: '/images/delete', name});
  for (const {namespace, snapshotter, name} of garbage.snapshots) {
    events.publish(namespace, {topic: '/snapshot/remove', snapshotter, key: name});
  }
}
