/** Mark and sweep over a picture of the whole store, without touching the store. */
import type {
  BlobRecord,
  ContainerRecord,
  ImageRecord,
  IngestRecord,
  LeaseRecord,
  LeaseResource,
  SandboxRecord,
} from '../metadata/records.ts';
import type {ActivationRecord} from '../mounts/activation.ts';
import type {SnapshotNode} from '../snapshots/snapshotter.ts';
import {compareTime, type Timestamp} from '../time.ts';
import {backReferences, expiryOf, flatLabel, labelReferences, type Node, rootLabel} from './references.ts';

type Named<Record> = {readonly namespace: string; readonly record: Record};

/** The part of the picture that the metadata database gives. Labels may be cut down to those about garbage. */
export interface StoredInventory {
  readonly blobs: readonly Named<Pick<BlobRecord, 'digest' | 'labels'>>[];
  readonly images: readonly Named<
    Pick<ImageRecord, 'name' | 'labels'> & {readonly target: {readonly digest: string}}
  >[];
  readonly containers: readonly Named<Pick<ContainerRecord, 'id' | 'labels' | 'snapshotter' | 'snapshotKey'>>[];
  readonly sandboxes: readonly Named<Pick<SandboxRecord, 'id' | 'labels'>>[];
  readonly mounts: readonly Named<Pick<ActivationRecord, 'name' | 'labels' | 'isComplete'>>[];
  readonly leases: readonly Named<Pick<LeaseRecord, 'id' | 'labels'>>[];
  readonly leaseResources: readonly {namespace: string; lease: string; resource: LeaseResource}[];
  readonly ingests: readonly Named<IngestRecord>[];
}

export interface Inventory extends StoredInventory {
  readonly snapshots: readonly (SnapshotNode & {readonly snapshotter: string})[];
  /** `<namespace>/<ref>` of ingests that somebody writes at this moment. */
  readonly activeIngests: ReadonlySet<string>;
}

export interface Garbage {
  readonly blobs: {namespace: string; digest: string}[];
  readonly images: {namespace: string; name: string}[];
  readonly leases: {namespace: string; id: string}[];
  readonly ingests: {namespace: string; record: IngestRecord}[];
  readonly mounts: {namespace: string; name: string}[];
  readonly snapshots: {snapshotter: string; namespace: string; name: string}[];
  /** When the next of the survivors expires. */
  readonly nextExpiry: Timestamp | undefined;
}

/** Everything that no root keeps at `time`. */
export function findGarbage(inventory: Inventory, time: Timestamp): Garbage {
  const graph = new Graph(inventory, time);
  const alive = graph.mark();
  const isDead = (namespace: string, type: string, key: string) => !alive.has(keyOf({namespace, type, key}));
  return {
    blobs: inventory.blobs
      .map(({namespace, record}) => ({namespace, digest: record.digest}))
      .filter(({namespace, digest}) => isDead(namespace, 'content', digest) && isDead(namespace, 'content!', digest)),
    images: inventory.images
      .map(({namespace, record}) => ({namespace, name: record.name}))
      .filter(({namespace, name}) => isDead(namespace, 'image', name)),
    leases: inventory.leases
      .map(({namespace, record}) => ({namespace, id: record.id}))
      .filter(({namespace, id}) => isDead(namespace, 'lease', id)),
    ingests: inventory.ingests.filter(({namespace, record}) => isDead(namespace, 'ingest', record.ref)),
    mounts: inventory.mounts
      .map(({namespace, record}) => ({namespace, name: record.name}))
      .filter(({namespace, name}) => isDead(namespace, 'mount', name)),
    snapshots: inventory.snapshots
      .map(({snapshotter, namespace, name}) => ({snapshotter, namespace, name}))
      .filter(({snapshotter, namespace, name}) => {
        const type = `snapshot/${snapshotter}`;
        return isDead(namespace, type, name) && isDead(namespace, `${type}!`, name);
      }),
    nextExpiry: graph.nextExpiry,
  };
}

function keyOf(node: Node): string {
  return `${node.namespace}\0${node.type}\0${node.key}`;
}

/** Types that end in `!` are flat: kept, but nothing that their labels name. */
class Graph {
  readonly #time: Timestamp;
  readonly #roots: Node[] = [];
  readonly #references = new Map<string, Node[]>();
  nextExpiry: Timestamp | undefined;

  constructor(inventory: Inventory, time: Timestamp) {
    this.#time = time;
    for (const {namespace, record} of inventory.containers) this.#addContainer(namespace, record);
    for (const {namespace, record} of inventory.sandboxes) this.#addSandbox(namespace, record);
    for (const {namespace, record} of inventory.images) this.#addImage(namespace, record);
    for (const {namespace, record} of inventory.blobs) this.#addBlob(namespace, record);
    for (const {namespace, record} of inventory.mounts) this.#addMount(namespace, record);
    for (const node of inventory.snapshots) this.#addSnapshot(node);
    for (const {namespace, record} of inventory.ingests) this.#addIngest(namespace, record, inventory.activeIngests);
    this.#addLeases(inventory);
  }

  mark(): Set<string> {
    const alive = new Set<string>();
    const pending = [...this.#roots];
    for (let node = pending.pop(); node; node = pending.pop()) {
      const key = keyOf(node);
      if (alive.has(key)) continue;
      alive.add(key);
      pending.push(...(this.#references.get(key) ?? []));
    }
    return alive;
  }

  #addContainer(
    namespace: string,
    {id, labels, snapshotter, snapshotKey}: Inventory['containers'][number]['record'],
  ): void {
    const node = {namespace, type: 'container', key: id};
    this.#addObject(node, labels);
    this.#roots.push(node);
    if (snapshotKey !== '') this.#refer(node, {namespace, type: `snapshot/${snapshotter}`, key: snapshotKey});
  }

  #addSandbox(namespace: string, {id, labels}: Inventory['sandboxes'][number]['record']): void {
    const node = {namespace, type: 'sandbox', key: id};
    this.#addObject(node, labels);
    this.#roots.push(node);
  }

  #addImage(namespace: string, {name, labels, target}: Inventory['images'][number]['record']): void {
    const node = {namespace, type: 'image', key: name};
    this.#addObject(node, labels);
    if (!this.#isExpired(expiryOf(labels))) this.#roots.push(node);
    this.#refer(node, {namespace, type: 'content', key: target.digest});
  }

  #addBlob(namespace: string, {digest, labels}: Inventory['blobs'][number]['record']): void {
    const node = {namespace, type: 'content', key: digest};
    this.#addObject(node, labels);
    if (rootLabel in labels) this.#roots.push(node);
  }

  #addMount(namespace: string, {name, labels, isComplete}: Inventory['mounts'][number]['record']): void {
    const node = {namespace, type: 'mount', key: name};
    this.#addObject(node, labels);
    if (!isComplete || rootLabel in labels) this.#roots.push(node);
  }

  #addSnapshot({snapshotter, namespace, name, parent, labels}: Inventory['snapshots'][number]): void {
    const type = `snapshot/${snapshotter}`;
    const node = {namespace, type, key: name};
    this.#addObject(node, labels);
    if (rootLabel in labels) this.#roots.push(node);
    if (parent === '') return;
    this.#refer(node, {namespace, type, key: parent});
    // Without its parents a snapshot is no snapshot, so even a flat lease keeps them.
    this.#refer({namespace, type: `${type}!`, key: name}, {namespace, type: `${type}!`, key: parent});
  }

  #addIngest(namespace: string, {ref, expected, expiresAt}: IngestRecord, active: ReadonlySet<string>): void {
    const node = {namespace, type: 'ingest', key: ref};
    const isRoot = active.has(`${namespace}/${ref}`) || (expiresAt !== undefined && !this.#isExpired(expiresAt));
    if (isRoot) this.#roots.push(node);
    if (expected !== '') this.#refer(node, {namespace, type: 'content', key: expected});
  }

  #addLeases({leases, leaseResources}: Inventory): void {
    const flat = new Set<string>();
    for (const {namespace, record} of leases) {
      const node = {namespace, type: 'lease', key: record.id};
      this.#addObject(node, record.labels);
      if (flatLabel in record.labels) flat.add(keyOf(node));
      if (!this.#isExpired(expiryOf(record.labels))) this.#roots.push(node);
    }
    for (const {namespace, lease, resource} of leaseResources) {
      const node = {namespace, type: 'lease', key: lease};
      const type = nodeTypes[resource.type] ?? resource.type.replace(/^snapshots\//, 'snapshot/');
      const isFlat = flat.has(keyOf(node)) && !neverFlat.has(type);
      this.#refer(node, {namespace, type: isFlat ? `${type}!` : type, key: resource.id});
    }
  }

  #addObject(node: Node, labels: {readonly [key: string]: string}): void {
    for (const target of labelReferences(node.namespace, labels)) this.#refer(node, target);
    for (const source of backReferences(node.namespace, labels)) this.#refer(source, node);
  }

  #refer(from: Node, to: Node): void {
    const key = keyOf(from);
    const known = this.#references.get(key);
    if (known) known.push(to);
    else this.#references.set(key, [to]);
  }

  #isExpired(expiry: Timestamp | undefined): boolean {
    if (expiry === undefined) return false;
    if (compareTime(expiry, this.#time) <= 0) return true;
    if (!this.nextExpiry || compareTime(expiry, this.nextExpiry) < 0) this.nextExpiry = expiry;
    return false;
  }
}

const nodeTypes: {readonly [resource: string]: string} = {
  ...{content: 'content', ingests: 'ingest', images: 'image', mounts: 'mount'},
};
const neverFlat: ReadonlySet<string> = new Set(['ingest', 'image', 'mount']);
