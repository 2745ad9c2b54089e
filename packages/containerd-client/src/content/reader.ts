import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {ImageServices} from '../client.ts';

/** Manifests and configurations are read whole up to this many bytes (what registries accept too). */
const defaultLimit = 8 << 20;

/** Streams a blob or a part of it. The consumer's pace is the server's. `size` 0 means to the end. */
export async function* readContent(
  ctx: CallContext,
  client: ImageServices,
  digest: string,
  range: {offset?: number; size?: number} = {},
): AsyncGenerator<Uint8Array, void, void> {
  const request = {digest, offset: BigInt(range.offset ?? 0), size: BigInt(range.size ?? 0)};
  for await (const {data} of client.content.read(ctx, request)) if (data.length > 0) yield data;
}

/** A whole small blob. Throws `out-of-range` when it has more than `limit` bytes. */
export async function readBlob(
  ctx: CallContext,
  client: ImageServices,
  digest: string,
  limit: number = defaultLimit,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of readContent(ctx, client, digest)) {
    size += part.length;
    if (size > limit) throw new EngineError('out-of-range', `blob ${digest} has more than ${limit} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts, size);
}
