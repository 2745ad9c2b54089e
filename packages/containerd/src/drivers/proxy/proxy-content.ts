/**
 * Blobs in another process, reached by containerd's own content API. Which namespace has which blob is recorded here;
 * the other side keeps all of them in one namespace of its own.
 */
import {createHash, type Hash} from 'node:crypto';
import {callContext, type Logger} from '@longshore/base';
import {type ContainerdClient, type ContentWriter, openContentWriter, readContent} from '@longshore/containerd-client';
import {isErrorCode} from '@longshore/errdefs';
import type {BlobFiles, IngestFile, IngestFileStatus} from '../../core/content/files.ts';
import {formatTime, now} from '../../core/time.ts';
import {BlobSpool} from './blob-spool.ts';

const backendNamespace = 'default';
/** Marks what is ours to remove: others may use the same process. */
const ownerLabel = 'io.longshore.proxied-by';
const pieceBytes = 256 << 10;

export interface ProxyContentOptions {
  client: ContainerdClient;
  /** Tells the blobs of this installation from those of others. */
  owner: string;
  /** Directory for copies of blobs, for those who need a file. */
  spool: string;
  log: Logger;
}

export async function openProxyContent(options: ProxyContentOptions): Promise<BlobFiles & Disposable> {
  const {client, owner} = options;
  const ctx = callContext({namespace: backendNamespace, log: options.log});
  const read = (digest: string, offset: number, size: number) => readPieces(client, digest, offset, size);
  const spool = await BlobSpool.open(options.spool, async function* (digest) {
    yield* readContent(ctx, client, digest);
  });
  const labels = () => ({[ownerLabel]: owner, 'containerd.io/gc.root': formatTime(now())});
  return {
    path: digest => spool.path(digest),
    read,
    removeBlob: digest => ignoreMissing(client.content.delete(ctx, {digest})),
    async *listBlobs() {
      for await (const {info} of client.content.list(ctx, {filters: [`labels."${ownerLabel}"==${owner}`]})) {
        for (const blob of info) if (blob.labels[ownerLabel] === owner) yield blob.digest;
      }
    },
    openIngest: (key, total) => ProxyIngest.open(client, key, total, labels),
    async ingestStatus(key) {
      try {
        const {status} = await client.content.status(ctx, {ref: key});
        return {
          offset: Number(status?.offset ?? 0n),
          total: Number(status?.total ?? 0n),
          startedAt: status?.startedAt ?? now(),
          updatedAt: status?.updatedAt ?? now(),
        };
      } catch (error) {
        if (isErrorCode(error, 'not-found')) return undefined;
        throw error;
      }
    },
    removeIngest: key => ignoreMissing(client.content.abort(ctx, {ref: key})),
    // Nothing tells whose the others are; the other side gives up what nobody writes to.
    removeOtherIngests: async () => {},
    [Symbol.dispose]: () => {
      spool[Symbol.dispose]();
      client[Symbol.dispose]();
    },
  };
}

async function* readPieces(
  client: ContainerdClient,
  digest: string,
  offset: number,
  size: number,
): AsyncGenerator<Uint8Array> {
  if (size === 0) return; // which would mean all of it to the other side
  const ctx = callContext({namespace: backendNamespace});
  for await (const chunk of readContent(ctx, client, digest, {offset, size})) {
    for (let at = 0; at < chunk.length; at += pieceBytes) yield chunk.subarray(at, at + pieceBytes);
  }
}

async function ignoreMissing(action: Promise<unknown>): Promise<void> {
  try {
    await action;
  } catch (error) {
    if (!isErrorCode(error, 'not-found')) throw error;
  }
}

/** The digest is computed here: an ingest that an earlier daemon began is begun anew. */
class ProxyIngest implements IngestFile {
  readonly #writer: ContentWriter;
  readonly #total: number;
  readonly #labels: () => Record<string, string>;
  readonly #startedAt = now();
  #updatedAt = now();
  #hash: Hash = createHash('sha256');

  private constructor(writer: ContentWriter, total: number, labels: () => Record<string, string>) {
    this.#writer = writer;
    this.#total = total;
    this.#labels = labels;
  }

  static async open(
    client: ContainerdClient,
    key: string,
    total: number,
    labels: () => Record<string, string>,
  ): Promise<ProxyIngest> {
    const ctx = callContext({namespace: backendNamespace});
    const writer = await openContentWriter(ctx, client, {ref: key, total});
    if (writer.offset > 0) await writer.truncate(0);
    return new ProxyIngest(writer, total, labels);
  }

  status(): IngestFileStatus {
    const [startedAt, updatedAt] = [this.#startedAt, this.#updatedAt];
    return {offset: this.#writer.offset, total: this.#total, startedAt, updatedAt};
  }

  digest(): string {
    return `sha256:${this.#hash.copy().digest('hex')}`;
  }

  async write(data: Uint8Array): Promise<void> {
    await this.#writer.write(data);
    this.#hash.update(data);
    this.#updatedAt = now();
  }

  async reset(): Promise<void> {
    await this.#writer.truncate(0);
    this.#hash = createHash('sha256');
  }

  async publish(): Promise<void> {
    try {
      const expected = {size: this.#writer.offset, digest: this.digest(), labels: this.#labels()};
      await this.#writer.commit(expected);
    } catch (error) {
      if (!isErrorCode(error, 'already-exists')) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
  }
}
