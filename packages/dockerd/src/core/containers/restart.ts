import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {Container} from './container.ts';
import {startLocked} from './start.ts';
import {isRunning} from './state.ts';
import {endRun, type StopOptions} from './stop.ts';
import {publishContainerEvent, type World} from './world.ts';

/** Stops it if it runs, then starts it. Neither its restart policy nor `--rm` take effect in between. */
export async function restartContainer(
  world: World,
  ctx: CallContext,
  container: Container,
  options: StopOptions,
): Promise<void> {
  container.suppressAutoActions++;
  try {
    if (isRunning(container.state)) await endRun(world, ctx, container, options);
  } finally {
    container.suppressAutoActions--;
  }
  using _lock = await container.lock.acquire(ctx.signal);
  if (container.removing) {
    throw new EngineError('conflict', 'container is marked for removal and cannot be started');
  }
  if (!isRunning(container.state)) {
    container.record.manuallyStopped = false;
    await startLocked(world, ctx, container);
  }
  publishContainerEvent(world, container, 'restart');
}
