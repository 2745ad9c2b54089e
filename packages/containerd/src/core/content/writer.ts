/** The two writers of the content store: of new data, and of a blob that another namespace has already. */
import type {CallContext, KeyedMutex} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import type {EventPublisher} from '../events/events.ts';
import {withoutEmpty} from '../field-mask.ts';
import type {CollectorTriggers} from '../gc/triggers.ts';
import {attachToLease} from '../leases/leases.ts';
import type {BlobRecord, IngestRecord} from '../metadata/records.ts';
import type {MetadataStore} from '../metadata/store.ts';
import {checkLabels, type Labels} from '../names.ts';
import {now} from '../time.ts';
import type {BlobFiles, IngestFile} from './files.ts';
import type {CommitOptions, ContentInfo, ContentWriter, IngestStatus} from './store.ts';

/** What writers need of the store that made them. */
export interface WriterHost {
  readonly metadata: MetadataStore;
  readonly files: BlobFiles;
  readonly events: EventPublisher;
  readonly collector: CollectorTriggers;
  readonly digestLocks: KeyedMutex;
  forgetIngest(namespace: string, ref: string): void;
  /** See `Content.release`. */
  release(digests: Iterable<string>): void;
}

export class IngestWriter implements ContentWriter {
  readonly #host: WriterHost;
  readonly #namespace: string;
  readonly #ingest: IngestRecord;
  readonly #file: IngestFile;
  readonly #lock: Disposable;

  constructor(host: WriterHost, namespace: string, ingest: IngestRecord, file: IngestFile, lock: Disposable) {
    this.#host = host;
    this.#namespace = namespace;
    this.#ingest = ingest;
    this.#file = file;
    this.#lock = lock;
  }

  status(): IngestStatus {
    return {...this.#file.status(), ref: this.#ingest.ref, expected: this.#ingest.expected};
  }

  digest(): string {
    return this.#file.digest();
  }

  async write(data: Uint8Array): Promise<void> {
    try {
      await this.#file.write(data);
    } catch (error) {
      if (isErrorCode(error, 'resource-exhausted')) await this.#discard();
      throw error;
    }
  }

  async truncate(size: number): Promise<void> {
    if (size !== 0) throw new EngineError('unimplemented', `truncate to ${size}: only 0 is supported`);
    await this.#file.reset();
  }

  async commit(ctx: CallContext, options: CommitOptions = {}): Promise<ContentInfo> {
    const size = this.#file.status().offset;
    const digest = this.digest();
    checkCommit(options, size, digest);
    using _lock = await this.#host.digestLocks.acquire(digest, ctx.signal);
    return await recorded(this.#host, digest, async () => {
      await this.#publish();
      return record(this.#host, ctx, this.#ingest.ref, {digest, size}, options.labels);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#file[Symbol.asyncDispose]();
    } finally {
      this.#lock[Symbol.dispose]();
    }
  }

  async #publish(): Promise<void> {
    try {
      await this.#file.publish();
    } catch (error) {
      if (isErrorCode(error, 'resource-exhausted')) await this.#discard();
      throw error;
    }
  }

  /** On a full disk the file goes first, against the usual order: removing its record needs space itself. */
  async #discard(): Promise<void> {
    await this.#host.files.removeIngest(this.#ingest.key);
    this.#host.metadata.write(() => this.#host.forgetIngest(this.#namespace, this.#ingest.ref));
  }
}

/** Its data is there from the start: a client sees all of it written and only commits. */
export class SharedWriter implements ContentWriter {
  readonly #host: WriterHost;
  readonly #ingest: IngestRecord;
  readonly #blob: BlobRecord;
  readonly #lock: Disposable;
  readonly #startedAt = now();
  readonly #namespace: string;
  /** Set when the client sends the data all the same, from the start. */
  #own: IngestFile | undefined;

  constructor(host: WriterHost, namespace: string, ingest: IngestRecord, blob: BlobRecord, lock: Disposable) {
    this.#host = host;
    this.#namespace = namespace;
    this.#ingest = ingest;
    this.#blob = blob;
    this.#lock = lock;
  }

  status(): IngestStatus {
    const {ref, expected} = this.#ingest;
    if (this.#own) return {...this.#own.status(), ref, expected};
    const {size} = this.#blob;
    return {ref, expected, offset: size, total: size, startedAt: this.#startedAt, updatedAt: this.#startedAt};
  }

  digest(): string {
    return this.#own?.digest() ?? this.#blob.digest;
  }

  async write(data: Uint8Array): Promise<void> {
    if (!this.#own) {
      if (data.length === 0) return;
      throw new EngineError('out-of-range', `write past the end of shared content ${this.#blob.digest}`);
    }
    await this.#own.write(data);
  }

  async truncate(size: number): Promise<void> {
    if (size !== 0) throw new EngineError('unimplemented', `truncate to ${size}: only 0 is supported`);
    this.#own ??= await this.#host.files.openIngest(this.#ingest.key, this.#blob.size);
    await this.#own.reset();
  }

  async commit(ctx: CallContext, options: CommitOptions = {}): Promise<ContentInfo> {
    const {offset: size} = this.status();
    const digest = this.digest();
    checkCommit(options, size, digest);
    using _lock = await this.#host.digestLocks.acquire(digest, ctx.signal);
    return await recorded(this.#host, digest, async () => {
      if (this.#own) await this.#own.publish();
      else this.#checkStillThere();
      return record(this.#host, ctx, this.#ingest.ref, {digest, size}, options.labels);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#own?.[Symbol.asyncDispose]();
    } finally {
      this.#lock[Symbol.dispose]();
    }
  }

  #checkStillThere(): void {
    if (this.#host.metadata.namespacesOfBlob(this.#blob.digest).length > 0) return;
    this.#host.metadata.write(() => this.#host.forgetIngest(this.#namespace, this.#ingest.ref));
    throw new EngineError('unavailable', `shared content ${this.#blob.digest} was removed meanwhile: unavailable`);
  }
}

function checkCommit(options: CommitOptions, size: number, digest: string): void {
  checkLabels(options.labels ?? {});
  if (options.size && options.size !== size) {
    const detail = `unexpected commit size ${size}, expected ${options.size}`;
    throw new EngineError('failed-precondition', `${detail}: failed precondition`);
  }
  if (options.expected && options.expected !== digest) {
    const detail = `unexpected commit digest ${digest}, expected ${options.expected}`;
    throw new EngineError('failed-precondition', `${detail}: failed precondition`);
  }
}

/** A file whose record could not be made is the next collection's. */
async function recorded<T>(host: WriterHost, digest: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    host.release([digest]);
    throw error;
  }
}

/** The ingest's record becomes a blob's in one transaction. Throws already-exists after it when there was one. */
function record(
  host: WriterHost,
  ctx: CallContext,
  ref: string,
  {digest, size}: {digest: string; size: number},
  labels: Labels = {},
): ContentInfo {
  const time = now();
  const blob: BlobRecord = {digest, size, labels: withoutEmpty(labels), createdAt: time, updatedAt: time};
  const existed = host.metadata.write(() => {
    host.forgetIngest(ctx.namespace, ref);
    const known = host.metadata.blobs.get(ctx.namespace, digest) !== undefined;
    if (!known) host.metadata.blobs.put(ctx.namespace, blob);
    attachToLease(host.metadata, ctx, {type: 'content', id: digest});
    return known;
  });
  if (existed) throw new EngineError('already-exists', `content ${digest}: already exists`);
  host.collector.mutated();
  host.events.publish(ctx.namespace, {topic: '/content/create', digest, size});
  return blob;
}
