import type {CallContext} from '@longshore/base';
import type {Filters} from '../filters/filters.ts';
import {removeLocked} from './destroy.ts';
import {isRunning} from './state.ts';
import type {World} from './world.ts';

/** Removes containers that do not run, made before `until` (nanoseconds). Volumes stay. */
export async function pruneContainers(
  world: World,
  ctx: CallContext,
  filters: Filters,
  until: bigint | undefined,
): Promise<{removed: string[]; reclaimed: number}> {
  const removed: string[] = [];
  let reclaimed = 0;
  for (const container of world.registry.all) {
    const {record, id} = container;
    if (isRunning(container.state) || (until !== undefined && record.created > until)) continue;
    if (!filters.matchLabels('label', record.config.Labels)) continue;
    if (filters.has('label!') && filters.matchLabels('label!', record.config.Labels)) continue;
    using _lock = await container.lock.acquire(ctx.signal);
    if (isRunning(container.state) || world.registry.get(id) !== container) continue;
    const {own} = await world.rootfs.sizes(ctx, id);
    await removeLocked(world, ctx, container, {removeVolumes: false});
    removed.push(id);
    reclaimed += own;
  }
  world.events.publish('container', 'prune', '', {reclaimed: String(reclaimed)});
  return {removed, reclaimed};
}
