import {
  type Info,
  type ListSnapshotsResponse,
  SnapshotsDefinition,
} from '@longshore/api/gen/containerd/services/snapshots/v1/snapshots';
import {EngineError} from '@longshore/errdefs';
import type {EventPublisher} from '../../core/events/events.ts';
import {parseFilters} from '../../core/filters/filter.ts';
import type {Snapshotter} from '../../core/snapshots/snapshotter.ts';
import {type ServedService, serve} from '../serve.ts';
import {infoFields, infoToWire, mountToWire} from './convert.ts';

/** Snapshots of one response message of a list. */
const listBatch = 100;

export interface SnapshotsServiceOptions {
  /** Throws for a name that is not a snapshotter here. */
  find: (name: string) => Snapshotter;
  events: EventPublisher;
}

export function snapshotsService({find, events}: SnapshotsServiceOptions): ServedService {
  return serve(SnapshotsDefinition, {
    async prepare(ctx, {snapshotter, key, parent, labels}) {
      const mounts = await find(snapshotter).prepare(ctx, key, parent, labels);
      events.publish(ctx.namespace, {topic: '/snapshot/prepare', snapshotter, key, parent});
      return {mounts: mounts.map(mountToWire)};
    },
    async view(ctx, {snapshotter, key, parent, labels}) {
      const mounts = await find(snapshotter).view(ctx, key, parent, labels);
      events.publish(ctx.namespace, {topic: '/snapshot/prepare', snapshotter, key, parent});
      return {mounts: mounts.map(mountToWire)};
    },
    async mounts(ctx, {snapshotter, key}) {
      return {mounts: (await find(snapshotter).mounts(ctx, key)).map(mountToWire)};
    },
    async commit(ctx, {snapshotter, name, key, labels, parent}) {
      await find(snapshotter).commit(ctx, name, key, labels, parent);
      events.publish(ctx.namespace, {topic: '/snapshot/commit', snapshotter, key, name});
      return {};
    },
    async remove(ctx, {snapshotter, key}) {
      await find(snapshotter).remove(ctx, key);
      events.publish(ctx.namespace, {topic: '/snapshot/remove', snapshotter, key});
      return {};
    },
    async stat(ctx, {snapshotter, key}) {
      return {info: infoToWire(await find(snapshotter).stat(ctx, key))};
    },
    async update(ctx, {snapshotter, info, updateMask}) {
      if (!info) throw new EngineError('invalid-argument', 'info is required: invalid argument');
      return {info: infoToWire(await find(snapshotter).update(ctx, info.name, info.labels, updateMask ?? []))};
    },
    async *list(ctx, {snapshotter, filters}): AsyncGenerator<ListSnapshotsResponse> {
      const matches = parseFilters(filters);
      let batch: Info[] = [];
      for await (const info of find(snapshotter).walk(ctx)) {
        if (!matches(infoFields(info))) continue;
        batch.push(infoToWire(info));
        if (batch.length < listBatch) continue;
        yield {info: batch};
        batch = [];
      }
      if (batch.length > 0) yield {info: batch};
    },
    async usage(ctx, {snapshotter, key}) {
      return await find(snapshotter).usage(ctx, key);
    },
    async cleanup(ctx, {snapshotter}) {
      await find(snapshotter).cleanup(ctx);
      return {};
    },
  });
}
