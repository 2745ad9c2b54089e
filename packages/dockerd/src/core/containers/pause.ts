import type {CallContext} from '@longshore/base';
import {codeOf, EngineError, messageOf} from '@longshore/errdefs';
import type {Container} from './container.ts';
import {hasProcess} from './state.ts';
import {publishContainerEvent, saveContainer, type World} from './world.ts';

/** Freezes all processes of the container. */
export async function pauseContainer(world: World, ctx: CallContext, container: Container): Promise<void> {
  using _lock = await container.lock.acquire(ctx.signal);
  const {state, id} = container;
  if (state.status === 'paused') throw new EngineError('conflict', `Container ${id} is already paused`);
  if (state.status === 'restarting') {
    throw new EngineError('conflict', `Container ${id} is restarting, wait until the container is running`);
  }
  if (!hasProcess(state)) throw new EngineError('conflict', `container ${id} is not running`);
  try {
    await world.runtime.pause(ctx, id);
  } catch (error) {
    throw new EngineError(codeOf(error), `cannot pause container ${id}: ${messageOf(error)}`, {cause: error});
  }
  container.moveTo({...state, status: 'paused'});
  await saveContainer(world, container);
  publishContainerEvent(world, container, 'pause');
}

/** Docker answers 500 when it is not paused: the code is `unknown`. */
export async function unpauseContainer(world: World, ctx: CallContext, container: Container): Promise<void> {
  using _lock = await container.lock.acquire(ctx.signal);
  const {state, id} = container;
  if (state.status !== 'paused') throw new EngineError('unknown', `Container ${id} is not paused`);
  try {
    await world.runtime.resume(ctx, id);
  } catch (error) {
    throw new EngineError(codeOf(error), `cannot unpause container ${id}: ${messageOf(error)}`, {cause: error});
  }
  container.moveTo({...state, status: 'running'});
  await saveContainer(world, container);
  publishContainerEvent(world, container, 'unpause');
}
