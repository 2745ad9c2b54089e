/** The end of a container: nothing of it is left. */
import type {CallContext} from '@longshore/base';
import {codeOf, EngineError, messageOf} from '@longshore/errdefs';
import {whileAway} from './away-patience.ts';
import type {Container} from './container.ts';
import {dropLinks} from './links/links.ts';
import {exitCodeOf, hasProcess} from './state.ts';
import {publishContainerEvent, saveOrWarn, type World} from './world.ts';

/** Removes a container that does not run; the caller holds the lock. A failure leaves it `dead`, to be tried again. */
export async function removeLocked(
  world: World,
  ctx: CallContext,
  container: Container,
  {removeVolumes}: {removeVolumes: boolean},
): Promise<void> {
  const {id, record} = container;
  if (hasProcess(record.state)) throw new EngineError('conflict', `container ${id} is running`);
  record.removing = true;
  await saveOrWarn(world, container);
  const exitCode = exitCodeOf(record.state);
  container.cancelPendingRestart();
  try {
    await world.store.removeData(id);
    await whileAway(world, ctx.signal, () =>
      Promise.all([
        world.rootfs.remove(ctx, id),
        world.parts.removeImages(ctx, imageKeysOf(container)),
        world.stdio.discard(id),
        releaseVolumes(world, ctx, container, removeVolumes),
      ]),
    );
    world.exits.remove(id); // of an exit whose handling was cut off at its end
    await world.store.remove(id);
  } catch (error) {
    record.removing = false;
    container.moveTo({status: 'dead', last: record.state.status === 'exited' ? record.state.last : undefined});
    await saveOrWarn(world, container);
    const message = `unable to remove filesystem for ${id}: ${messageOf(error)}`;
    container.announceRemovalFailure({exitCode, error: message});
    throw new EngineError(codeOf(error), message, {cause: error});
  }
  dropLinks(world, container);
  world.registry.remove(container);
  publishContainerEvent(world, container, 'destroy');
  container.output.end();
  container.announceRemoved({exitCode, error: ''});
}

function imageKeysOf({record}: Container): string[] {
  return Object.values(record.mounts).flatMap(({Type, ID}) => (Type === 'image' ? [ID] : []));
}

async function releaseVolumes(world: World, ctx: CallContext, container: Container, remove: boolean): Promise<void> {
  for (const point of Object.values(container.record.mounts)) {
    if (point.Type !== 'volume') continue;
    await world.volumes.release(ctx, point.Name, container.id);
    if (remove) await world.volumes.removeAnonymous(ctx, point.Name);
  }
}
