/** Content/Write: one ingest per stream; every request is answered, and a commit ends the stream. */
import {
  WriteAction,
  type WriteContentRequest,
  type WriteContentResponse,
} from '@longshore/api/gen/containerd/services/content/v1/content';
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {ContentStore, ContentWriter} from '../../core/content/store.ts';

/** What the stream has said so far about the blob as a whole; later messages may only repeat it. */
type Announced = {ref: string; total: bigint; expected: string};

export async function* writeContent(
  ctx: CallContext,
  store: ContentStore,
  requests: AsyncIterable<WriteContentRequest>,
): AsyncGenerator<WriteContentResponse> {
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  if (first.value.ref === '') {
    throw new EngineError('invalid-argument', 'first message must have a reference: invalid argument');
  }
  const {ref, total, expected} = first.value;
  const announced: Announced = {ref, total, expected};
  await using writer = await store.openWriter(ctx, {ref, total: Number(total), expected});
  announced.total ||= BigInt(writer.status().total);
  announced.expected ||= writer.status().expected;
  for (let next: IteratorResult<WriteContentRequest> = first; !next.done; next = await iterator.next()) {
    yield await handle(ctx, writer, announced, next.value);
    if (next.value.action === WriteAction.COMMIT) return;
  }
}

async function handle(
  ctx: CallContext,
  writer: ContentWriter,
  announced: Announced,
  request: WriteContentRequest,
): Promise<WriteContentResponse> {
  checkAnnounced(announced, request);
  const {action, data, labels} = request;
  if (action !== WriteAction.STAT) await writeData(writer, request.offset, data);
  if (action !== WriteAction.COMMIT) return response(writer, announced, action);
  const answer = response(writer, announced, action);
  const size = Number(announced.total);
  const {updatedAt} = await writer.commit(ctx, {size, expected: announced.expected, labels});
  return {...answer, updatedAt};
}

function checkAnnounced(announced: Announced, {ref, total, expected}: WriteContentRequest): void {
  const changed = (what: string, from: unknown, to: unknown) =>
    new EngineError('invalid-argument', `${what} changed from ${from} to ${to}: invalid argument`);
  if (ref !== '' && ref !== announced.ref) throw changed('reference', announced.ref, ref);
  if (total > 0n && announced.total > 0n && total !== announced.total) throw changed('size', announced.total, total);
  if (expected !== '' && announced.expected !== '' && expected !== announced.expected) {
    throw changed('digest', announced.expected, expected);
  }
  announced.total ||= total;
  announced.expected ||= expected;
}

/** Offset 0 in the middle of an ingest starts it anew; any other offset must be where it stands. */
async function writeData(writer: ContentWriter, offset: bigint, data: Uint8Array): Promise<void> {
  const at = writer.status().offset;
  if (offset > 0n && Number(offset) !== at) {
    throw new EngineError('out-of-range', `write @${offset} must occur at current offset ${at}: out of range`);
  }
  if (offset === 0n && at > 0) await writer.truncate(0);
  if (data.length > 0) await writer.write(data);
}

function response(writer: ContentWriter, announced: Announced, action: WriteAction): WriteContentResponse {
  const {offset, startedAt, updatedAt} = writer.status();
  // In every answer: a client whose commit finds the content there already knows its digest from the last write only.
  const digest = writer.digest();
  return {action, offset: BigInt(offset), total: announced.total, digest, startedAt, updatedAt};
}
