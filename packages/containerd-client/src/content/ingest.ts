import type {CallContext} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {digestOf} from '@longshore/oci';
import type {ImageServices} from '../client.ts';
import {openContentWriter} from './writer.ts';

/** What is known of a blob before it is stored. */
export interface ExpectedBlob {
  /** Empty when unknown: the store computes it. */
  digest?: string;
  size?: number;
  labels?: Record<string, string>;
}

/** Bytes of the blob from `offset` on; called once, with what an earlier, broken ingest left. */
export type BlobSource = (offset: number) => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>;

/** Stores a stream as a blob. A blob that is there already is not read; its labels are then completed. */
export async function ingest(
  ctx: CallContext,
  client: ImageServices,
  ref: string,
  source: BlobSource,
  expected: ExpectedBlob = {},
): Promise<{digest: string; existed: boolean}> {
  try {
    await using writer = await openContentWriter(ctx, client, {
      ref,
      ...(expected.size === undefined ? {} : {total: expected.size}),
      ...(expected.digest === undefined ? {} : {expected: expected.digest}),
    });
    if (writer.offset > (expected.size ?? Number.POSITIVE_INFINITY)) await writer.truncate(0);
    if (expected.size === undefined || writer.offset < expected.size) {
      for await (const chunk of await source(writer.offset)) await writer.write(chunk);
    }
    const {digest} = await writer.commit(expected);
    return {digest, existed: false};
  } catch (error) {
    if (!isErrorCode(error, 'already-exists')) {
      if (isErrorCode(error, 'failed-precondition')) await abortIngest(ctx, client, ref);
      throw error;
    }
    const digest = expected.digest ?? /sha256:[0-9a-f]{64}/.exec((error as Error).message)?.[0];
    if (!digest) throw new EngineError('already-exists', `blob of ingest "${ref}" exists`, {cause: error});
    if (expected.labels) await setContentLabels(ctx, client, digest, expected.labels);
    return {digest, existed: true};
  }
}

/** Stores bytes as a blob and returns their digest. */
export async function writeBlob(
  ctx: CallContext,
  client: ImageServices,
  bytes: Uint8Array,
  labels: Record<string, string> = {},
): Promise<{digest: string; size: number}> {
  const digest = digestOf(bytes);
  const source = async function* (offset: number) {
    yield bytes.subarray(offset);
  };
  await ingest(ctx, client, `blob-${digest}`, source, {digest, size: bytes.length, labels});
  return {digest, size: bytes.length};
}

/** Adds labels to a blob, or changes them; an empty value removes one. */
export async function setContentLabels(
  ctx: CallContext,
  client: ImageServices,
  digest: string,
  labels: Record<string, string>,
): Promise<void> {
  const updateMask = Object.keys(labels).map(key => `labels.${key}`);
  if (updateMask.length > 0) await client.content.update(ctx, {info: {digest, labels}, updateMask});
}

/** Bytes that the blob has; undefined when the namespace does not have it. */
export async function contentSize(
  ctx: CallContext,
  client: ImageServices,
  digest: string,
): Promise<number | undefined> {
  try {
    const {info} = await client.content.info(ctx, {digest});
    return Number(info?.size ?? 0);
  } catch (error) {
    if (isErrorCode(error, 'not-found')) return undefined;
    throw error;
  }
}

/** What was received does not match: a resume could never succeed. */
async function abortIngest(ctx: CallContext, client: ImageServices, ref: string): Promise<void> {
  try {
    await client.content.abort(ctx, {ref});
  } catch (error) {
    if (!isErrorCode(error, 'not-found')) ctx.log.warn({ref, error}, 'cannot abort damaged ingest');
  }
}
