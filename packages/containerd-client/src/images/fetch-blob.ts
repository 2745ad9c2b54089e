/** One blob from a registry into the content store. */
import type {Descriptor} from '@longshore/api/oci';
import {backoff, type CallContext, type Semaphore, sleep} from '@longshore/base';
import {isErrorCode, messageOf} from '@longshore/errdefs';
import {isConfigType, isIndexType, isManifestType, type Reference, type Registry} from '@longshore/oci';
import type {ImageServices} from '../client.ts';
import {ingest} from '../content/ingest.ts';
import {addRepository, sourceKey} from './distribution-source.ts';
import type {BlobAction, ProgressListener} from './progress.ts';

/** Bytes in between are not worth a message. */
const progressIntervalMs = 100;
const lockDelays = {initial: 20, max: 1_000};
/** What a broken ingest left may not fit: then once more from the start. */
const attempts = 2;

export interface FetchOptions {
  client: ImageServices;
  reference: Reference;
  registry: Registry;
  onProgress?: ProgressListener | undefined;
  /** Each download takes one place. */
  downloads?: Semaphore | undefined;
}

/** Downloads the blob unless it is there; a broken download is resumed, by whoever comes next. */
export async function fetchBlob(
  ctx: CallContext,
  options: FetchOptions,
  descriptor: Descriptor,
  labels: Record<string, string> = {},
): Promise<void> {
  const {client, reference, registry} = options;
  using _place = await options.downloads?.acquire(ctx.signal);
  const source = async function* (offset: number) {
    const progress = throttledProgress(options, descriptor, offset);
    for await (const chunk of registry.blob(ctx, reference, descriptor, offset)) {
      yield chunk;
      progress(chunk.length);
    }
  };
  const {existed} = await storeBlob(ctx, options, descriptor, source, labels);
  if (existed) await addRepository(ctx, client, reference, descriptor.digest);
  report(options, existed ? 'exists' : 'downloaded', descriptor, descriptor.size);
}

/** Stores bytes that are at hand already: a manifest. */
export async function storeBytes(
  ctx: CallContext,
  options: FetchOptions,
  descriptor: Descriptor,
  bytes: Uint8Array,
  labels: Record<string, string>,
): Promise<void> {
  report(options, 'waiting', descriptor, 0);
  const source = async function* (offset: number) {
    yield bytes.subarray(offset);
  };
  const {existed} = await storeBlob(ctx, options, descriptor, source, labels);
  if (existed) await addRepository(ctx, options.client, options.reference, descriptor.digest);
  report(options, existed ? 'exists' : 'downloaded', descriptor, descriptor.size);
}

/** Waits while somebody else downloads the same: then it is there, or can be continued. */
async function storeBlob(
  ctx: CallContext,
  {client, reference}: FetchOptions,
  descriptor: Descriptor,
  source: (offset: number) => AsyncIterable<Uint8Array>,
  labels: Record<string, string>,
): Promise<{existed: boolean}> {
  const ref = ingestRef(descriptor);
  const {digest, size} = descriptor;
  const expected = {digest, size, labels: {...labels, [sourceKey(reference)]: reference.path}};
  let failures = 0;
  for (let waits = 0; ; ) {
    try {
      return await ingest(ctx, client, ref, source, expected);
    } catch (error) {
      if (isLocked(error)) {
        await sleep(backoff(waits++, lockDelays), ctx.signal);
      } else if (!isErrorCode(error, 'failed-precondition') || ++failures >= attempts) throw error;
    }
  }
}

function isLocked(error: unknown): boolean {
  return isErrorCode(error, 'unavailable') && /\blocked\b/.test(messageOf(error));
}

/** The original's clients use these names, which `ctr content active` shows. */
function ingestRef({mediaType, digest}: Descriptor): string {
  if (isIndexType(mediaType)) return `index-${digest}`;
  if (isManifestType(mediaType)) return `manifest-${digest}`;
  return isConfigType(mediaType) ? `config-${digest}` : `layer-${digest}`;
}

function throttledProgress(options: FetchOptions, descriptor: Descriptor, offset: number): (bytes: number) => void {
  let current = offset;
  let last = performance.now();
  report(options, 'downloading', descriptor, current);
  return bytes => {
    current += bytes;
    const now = performance.now();
    if (now - last < progressIntervalMs) return;
    last = now;
    report(options, 'downloading', descriptor, current);
  };
}

export function report(options: FetchOptions, action: BlobAction, descriptor: Descriptor, current: number): void {
  options.onProgress?.({type: 'blob', action, descriptor, current, total: descriptor.size});
}
