/** DELETE /containers/{id}. */
import type {CallContext} from '@longshore/base';
import {codeOf, EngineError, messageOf} from '@longshore/errdefs';
import type {Container} from './container.ts';
import {removeLocked} from './destroy.ts';
import {isRunning} from './state.ts';
import {endRun} from './stop.ts';
import type {World} from './world.ts';

export interface RemoveOptions {
  /** End it first if it runs. */
  force: boolean;
  /** Also its anonymous volumes. */
  removeVolumes: boolean;
}

/** `reference` is what the user called it, for the messages. */
export async function removeContainer(
  world: World,
  ctx: CallContext,
  container: Container,
  reference: string,
  options: RemoveOptions,
): Promise<void> {
  if (container.removing) {
    throw new EngineError('conflict', `removal of container ${reference} is already in progress`);
  }
  if (isRunning(container.state)) {
    if (!options.force)
      throw new EngineError(
        'conflict',
        `cannot remove container ${JSON.stringify(reference)}: ${describeObstacle(container)}`,
      );
    await forceEnd(world, ctx, container);
  }
  using _lock = await container.lock.acquire(ctx.signal);
  // A `--rm` container may have removed itself meanwhile.
  if (world.registry.get(container.id) !== container) return;
  await removeLocked(world, ctx, container, options);
}

function describeObstacle({state}: Container): string {
  if (state.status === 'paused') return 'container is paused and must be unpaused first';
  if (state.status === 'restarting')
    return 'container is restarting: stop the container before removing or force remove';
  return 'container is running: stop the container before removing or force remove';
}

async function forceEnd(world: World, ctx: CallContext, container: Container): Promise<void> {
  container.suppressAutoActions++;
  try {
    await endRun(world, ctx, container, {signal: 'KILL', timeoutSeconds: 10, isRemoval: true});
  } catch (error) {
    throw new EngineError(codeOf(error), `could not kill container: ${messageOf(error)}`, {cause: error});
  } finally {
    container.suppressAutoActions--;
  }
}
