import {ContentDefinition, type Info, type Status} from '@longshore/api/gen/containerd/services/content/v1/content';
import {EngineError} from '@longshore/errdefs';
import type {ContentInfo, ContentStore, IngestStatus} from '../../core/content/store.ts';
import {parseFilters} from '../../core/filters/filter.ts';
import {type ServedService, serve} from '../serve.ts';
import {writeContent} from './write.ts';

/** Blobs per message of a list, as the original does. */
const listBatch = 100;

export function contentService(store: ContentStore): ServedService {
  return serve(ContentDefinition, {
    async info(ctx, {digest}) {
      return {info: infoToWire(await store.info(ctx, digest))};
    },
    async update(ctx, {info, updateMask}) {
      if (!info) throw new EngineError('invalid-argument', 'info is required: invalid argument');
      return {info: infoToWire(await store.update(ctx, info.digest, info.labels, updateMask ?? []))};
    },
    async *list(ctx, {filters}) {
      let batch: Info[] = [];
      for await (const info of store.list(ctx, parseFilters(filters))) {
        if (batch.push(infoToWire(info)) < listBatch) continue;
        yield {info: batch};
        batch = [];
      }
      if (batch.length > 0) yield {info: batch};
    },
    async delete(ctx, {digest}) {
      await store.delete(ctx, digest);
      return {};
    },
    async *read(ctx, {digest, offset, size}) {
      let at = Number(offset);
      const range = {offset: at, ...(size > 0n && {size: Number(size)})};
      for await (const data of store.read(ctx, digest, range)) {
        yield {offset: BigInt(at), data: Buffer.from(data.buffer, data.byteOffset, data.length)};
        at += data.length;
      }
    },
    async status(ctx, {ref}) {
      return {status: statusToWire(await store.status(ctx, ref))};
    },
    async listStatuses(ctx, {filters}) {
      return {statuses: (await store.statuses(ctx, parseFilters(filters))).map(statusToWire)};
    },
    write: (ctx, requests) => writeContent(ctx, store, requests),
    async abort(ctx, {ref}) {
      await store.abort(ctx, ref);
      return {};
    },
  });
}

function infoToWire({digest, size, labels, createdAt, updatedAt}: ContentInfo): Info {
  return {digest, size: BigInt(size), labels: {...labels}, createdAt, updatedAt};
}

function statusToWire({ref, offset, total, expected, startedAt, updatedAt}: IngestStatus): Status {
  return {ref, offset: BigInt(offset), total: BigInt(total), expected, startedAt, updatedAt};
}
