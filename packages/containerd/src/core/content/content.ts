/**
 * The content store: files on disk joined with records per namespace. A file appears before its record and goes after
 * it, so whatever kills the daemon leaves at most files without a record, which the next start removes.
 */
import {type CallContext, KeyedMutex} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {EventPublisher} from '../events/events.ts';
import {updateMapByMask} from '../field-mask.ts';
import {type Fields, type Filter, mapField} from '../filters/filter.ts';
import type {CollectorTriggers} from '../gc/triggers.ts';
import {attachToLease} from '../leases/leases.ts';
import type {BlobRecord, IngestRecord} from '../metadata/records.ts';
import type {MetadataStore} from '../metadata/store.ts';
import {checkDigest, checkLabels, type Labels} from '../names.ts';
import {fromMilliseconds, now} from '../time.ts';
import type {BlobFiles} from './files.ts';
import {RefLocks} from './locks.ts';
import type {ContentInfo, ContentStore, ContentWriter, IngestStatus, ReadRange, WriterOptions} from './store.ts';
import {IngestWriter, SharedWriter, type WriterHost} from './writer.ts';

/** An ingest that no lease keeps is given up after this long. */
const ingestLifetimeMs = 24 * 3600 * 1000;

/** Whether a blob of another namespace may be had without sending its bytes. */
export type SharingPolicy = 'shared' | 'isolated';
const shareableLabel = 'containerd.io/namespace.shareable';

export interface ContentOptions {
  metadata: MetadataStore;
  files: BlobFiles;
  events: EventPublisher;
  collector: CollectorTriggers;
  sharing?: SharingPolicy;
}

export class Content implements ContentStore, WriterHost {
  readonly metadata: MetadataStore;
  readonly files: BlobFiles;
  readonly events: EventPublisher;
  readonly collector: CollectorTriggers;
  /** Held from before a blob's file appears until its record does, and while a file without record is removed. */
  readonly digestLocks = new KeyedMutex();
  readonly #sharing: SharingPolicy;
  readonly #refLocks = new RefLocks();
  /** Digests that may have lost their last record, for the next collection. */
  readonly #released = new Set<string>();

  constructor(options: ContentOptions) {
    this.metadata = options.metadata;
    this.files = options.files;
    this.events = options.events;
    this.collector = options.collector;
    this.#sharing = options.sharing ?? 'shared';
  }

  async info(ctx: CallContext, digest: string): Promise<ContentInfo> {
    return this.#find(ctx.namespace, digest);
  }

  async *list(ctx: CallContext, filter: Filter = () => true): AsyncGenerator<ContentInfo> {
    for (const record of this.metadata.blobs.list(ctx.namespace)) if (filter(blobFields(record))) yield record;
  }

  async update(ctx: CallContext, digest: string, given: Labels, paths: readonly string[]): Promise<ContentInfo> {
    const wrong = paths.find(path => path !== 'labels' && !path.startsWith('labels.'));
    if (wrong !== undefined) {
      throw new EngineError('invalid-argument', `cannot update ${wrong} field on content info: invalid argument`);
    }
    const {changed, before} = this.metadata.write(() => {
      const found = this.#find(ctx.namespace, digest);
      const labels = updateMapByMask(found.labels, given, paths);
      checkLabels(labels);
      const changed: BlobRecord = {...found, labels, updatedAt: now()};
      this.metadata.blobs.put(ctx.namespace, changed);
      return {changed, before: found.labels};
    });
    if (dropsReference(before, changed.labels)) this.collector.removed();
    return changed;
  }

  async delete(ctx: CallContext, digest: string): Promise<void> {
    this.metadata.write(() => {
      this.#find(ctx.namespace, digest);
      this.metadata.blobs.delete(ctx.namespace, digest);
      this.metadata.leaseResources.deleteEverywhere(ctx.namespace, {type: 'content', id: digest});
    });
    this.release([digest]);
    this.events.publish(ctx.namespace, {topic: '/content/delete', digest});
    this.collector.removed();
  }

  async *read(ctx: CallContext, digest: string, range: ReadRange = {}): AsyncGenerator<Uint8Array> {
    const {size: total} = this.#find(ctx.namespace, digest);
    const offset = Math.max(0, range.offset ?? 0);
    const size = range.size ?? total;
    if (offset > total) throw new EngineError('out-of-range', `read past object length ${total} bytes`);
    if (size < 0) throw new EngineError('invalid-argument', 'negative size: invalid argument');
    yield* this.files.read(digest, offset, Math.min(size, total - offset));
  }

  /** File of a blob that `ctx.namespace` may read. Throws not-found. */
  async blobPath(ctx: CallContext, digest: string): Promise<string> {
    return await this.files.path(this.#find(ctx.namespace, digest).digest);
  }

  async openWriter(ctx: CallContext, options: WriterOptions): Promise<ContentWriter> {
    const {ref, total = 0, expected = ''} = options;
    if (ref === '') throw new EngineError('invalid-argument', 'ref must not be empty: invalid argument');
    if (expected !== '') checkDigest(expected);
    const lock = await this.#refLocks.acquire(`${ctx.namespace}/${ref}`, ctx.signal);
    try {
      if (expected !== '') this.#throwIfPresent(ctx, expected);
      const ingest = this.#claimIngest(ctx, ref, expected);
      const shared = expected === '' ? undefined : this.#sharedBlob(expected);
      if (shared) return new SharedWriter(this, ctx.namespace, ingest, shared, lock);
      return new IngestWriter(this, ctx.namespace, ingest, await this.files.openIngest(ingest.key, total), lock);
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  async status(ctx: CallContext, ref: string): Promise<IngestStatus> {
    const ingest = this.metadata.ingests.get(ctx.namespace, ref);
    const status = ingest && (await this.#ingestStatus(ingest));
    if (!status) throw new EngineError('not-found', `reference ${ref}: not found`);
    return status;
  }

  async statuses(ctx: CallContext, filter: Filter = () => true): Promise<IngestStatus[]> {
    const statuses: IngestStatus[] = [];
    for (const ingest of this.metadata.ingests.list(ctx.namespace)) {
      const status = await this.#ingestStatus(ingest);
      if (status && filter(([first]) => (first === 'ref' ? ingest.ref : undefined))) statuses.push(status);
    }
    return statuses;
  }

  async abort(ctx: CallContext, ref: string): Promise<void> {
    const ingest = this.metadata.write(() => {
      const found = this.metadata.ingests.get(ctx.namespace, ref);
      if (!found) throw new EngineError('not-found', `reference ${ref}: not found`);
      this.forgetIngest(ctx.namespace, ref);
      return found;
    });
    await this.files.removeIngest(ingest.key);
  }

  /** Removes the record; inside a transaction. */
  forgetIngest(namespace: string, ref: string): void {
    this.metadata.ingests.delete(namespace, ref);
    this.metadata.leaseResources.deleteEverywhere(namespace, {type: 'ingests', id: ref});
  }

  /** `<namespace>/<ref>` of those that have a writer now. */
  activeIngests(): ReadonlySet<string> {
    return this.#refLocks.held();
  }

  /** Records of these blobs were deleted: `removeReleased` looks whether their files can go. */
  release(digests: Iterable<string>): void {
    for (const digest of digests) this.#released.add(digest);
  }

  /** Deletes the files of released blobs that no namespace knows any more. */
  async removeReleased(): Promise<void> {
    for (const digest of [...this.#released]) {
      if (this.metadata.namespacesOfBlob(digest).length > 0) {
        this.#released.delete(digest);
        continue;
      }
      using _lock = await this.digestLocks.acquire(digest);
      if (this.metadata.namespacesOfBlob(digest).length === 0) await this.files.removeBlob(digest);
      this.#released.delete(digest);
    }
  }

  /** Deletes files that a killed daemon left without a record; others may write meanwhile. */
  async removeOrphans(): Promise<void> {
    for await (const digest of this.files.listBlobs()) this.release([digest]);
    await this.removeReleased();
    await this.files.removeOtherIngests(
      () => new Set([...this.metadata.ingests.listAll()].map(({record}) => record.key)),
    );
  }

  #find(namespace: string, digest: string): BlobRecord {
    checkDigest(digest);
    const record = this.metadata.blobs.get(namespace, digest);
    if (!record) throw new EngineError('not-found', `content digest ${digest}: not found`);
    return record;
  }

  /** Existing content becomes the lease's all the same: the client counts on it from now on. */
  #throwIfPresent(ctx: CallContext, digest: string): void {
    const found = this.metadata.write(() => {
      const record = this.metadata.blobs.get(ctx.namespace, digest);
      if (record) attachToLease(this.metadata, ctx, {type: 'content', id: digest});
      return record;
    });
    if (found) throw new EngineError('already-exists', `content ${digest}: already exists`);
  }

  #claimIngest(ctx: CallContext, ref: string, expected: string): IngestRecord {
    return this.metadata.write(() => {
      const known = this.metadata.ingests.get(ctx.namespace, ref);
      const key = known?.key ?? `${ctx.namespace}/${this.metadata.nextSequence()}/${ref}`;
      const leased = attachToLease(this.metadata, ctx, {type: 'ingests', id: ref});
      const expiresAt = leased ? undefined : fromMilliseconds(Date.now() + ingestLifetimeMs);
      const ingest = {ref, key, expected: expected || (known?.expected ?? ''), ...(expiresAt && {expiresAt})};
      this.metadata.ingests.put(ctx.namespace, ingest);
      return ingest;
    });
  }

  #sharedBlob(digest: string): BlobRecord | undefined {
    const owner = this.metadata
      .namespacesOfBlob(digest)
      .find(
        name => this.#sharing === 'shared' || this.metadata.namespaces.get(name)?.labels[shareableLabel] === 'true',
      );
    return owner === undefined ? undefined : this.metadata.blobs.get(owner, digest);
  }

  async #ingestStatus(ingest: IngestRecord): Promise<IngestStatus | undefined> {
    const status = await this.files.ingestStatus(ingest.key);
    return status && {...status, ref: ingest.ref, expected: ingest.expected};
  }
}

export function blobFields(record: BlobRecord): Fields {
  return ([first, ...rest]) => {
    if (first === 'digest') return record.digest;
    if (first === 'size') return String(record.size);
    return first === 'labels' ? mapField(record.labels, rest) : undefined;
  };
}

/** Only the labels that the collector reads make something garbage when they go. */
function dropsReference(before: Labels, after: Labels): boolean {
  return Object.entries(before).some(([name, value]) => name.startsWith('containerd.io/gc.') && after[name] !== value);
}
