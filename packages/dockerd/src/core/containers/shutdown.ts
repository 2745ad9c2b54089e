/** The end of the daemon: containers are stopped, or left running for the next one. */
import {callContext} from '@longshore/base';
import type {Container} from './container.ts';
import {hasProcess} from './state.ts';
import {endRun} from './stop.ts';
import type {World} from './world.ts';

/** Stops every container side by side, each with its own timeout. */
export async function stopAllContainers(world: World): Promise<void> {
  world.shuttingDown = true;
  const ctx = callContext({log: world.log, namespace: world.background.namespace});
  await Promise.all(
    world.registry.all.map(async container => {
      container.cancelPendingRestart();
      if (!hasProcess(container.state)) return;
      try {
        await endRun(world, ctx, container, {signal: '', timeoutSeconds: undefined});
        using _removed = await container.lock.acquire(); // a container with --rm goes now
      } catch (error) {
        world.log.error({container: container.id, error}, 'cannot stop the container');
      }
    }),
  );
}

/** With `--live-restore`: closes our ends of the pipes and nothing else. */
export async function leaveAllContainers(world: World): Promise<void> {
  world.shuttingDown = true;
  await Promise.all(world.registry.all.map(container => leave(world, container)));
}

async function leave(world: World, container: Container): Promise<void> {
  container.stopHealthChecks();
  try {
    await container.io?.abandon();
  } catch (error) {
    world.log.error({container: container.id, error}, 'cannot close the pipes');
  }
}

/** Milliseconds that a shutdown may take: the longest timeout of a container, and some time to clean up. */
export function shutdownTimeoutMs(world: World): number {
  const own = world.config.shutdownTimeout;
  const timeouts = world.registry.all
    .filter(({state}) => hasProcess(state))
    .map(({record}) => record.config.StopTimeout ?? 10);
  if (own < 0 || timeouts.some(seconds => seconds < 0)) return Number.POSITIVE_INFINITY;
  return Math.max(own, ...timeouts.map(seconds => seconds + 5)) * 1000;
}
