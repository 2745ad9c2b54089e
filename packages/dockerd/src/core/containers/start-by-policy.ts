/** After a start of the daemon: what its restart policy wants to run is started, what others need before them. */
import {availableParallelism} from 'node:os';
import {Semaphore, sleep} from '@longshore/base';
import type {Container} from './container.ts';
import {startLocked} from './start.ts';
import {hasProcess} from './state.ts';
import type {World} from './world.ts';

/** How long a container waits for those that it needs; then it has to do without. */
const dependencyWaitMs = 5_000;
/** So many starts at a time: more only make each other slow. */
const parallelStarts = 4 * availableParallelism();

/** In the order of creation, and after what each depends on. Clients are served meanwhile: a start may take its time. */
export async function startByPolicy(world: World): Promise<void> {
  const waiting = world.registry.all.filter(wantsStart).sort((a, b) => (a.record.created < b.record.created ? -1 : 1));
  const slots = new Semaphore(parallelStarts);
  await inOrder(
    waiting,
    container => dependenciesOf(world, container),
    async container => {
      using _slot = await slots.acquire();
      await start(world, container);
    },
  );
}

async function start(world: World, container: Container): Promise<void> {
  using _lock = await container.lock.acquire();
  if (hasProcess(container.state) || container.removing || world.shuttingDown) return;
  await startLocked(world, world.background, container).catch(error => {
    world.log.error({container: container.id, error}, 'cannot start the container');
  });
}

/** Runs `work` for all side by side, for each after it has ended for those that it depends on, or after 5 s. */
export async function inOrder(
  containers: readonly Container[],
  dependencies: (container: Container) => readonly Container[],
  work: (container: Container) => Promise<void>,
  waitMs = dependencyWaitMs,
): Promise<void> {
  const ended = new Map(containers.map(container => [container, Promise.withResolvers<void>()]));
  await Promise.all(
    containers.map(async container => {
      const before = dependencies(container).flatMap(each => ended.get(each)?.promise ?? []);
      const tooLate = new AbortController();
      if (before.length > 0) {
        const limit = sleep(waitMs, tooLate.signal).catch(() => {}); // aborted when it is of no use any more
        await Promise.race([Promise.all(before), limit]);
      }
      tooLate.abort();
      await work(container).finally(() => ended.get(container)?.resolve());
    }),
  );
}

/** Containers that it is linked to, and those whose namespaces it joins. */
function dependenciesOf({registry}: World, {id, record}: Container): Container[] {
  const {NetworkMode, IpcMode, PidMode} = record.host;
  const joined = [NetworkMode, IpcMode, PidMode]
    .filter(mode => mode.startsWith('container:'))
    .map(mode => mode.slice('container:'.length));
  const linked = registry.links.childrenOf(id).map(({childId}) => childId);
  return [...joined, ...linked].flatMap(reference => {
    const found = registry.get(reference) ?? registry.all.find(({name}) => name === reference);
    return found && found.id !== id ? [found] : [];
  });
}

/** A delay that the last daemon did not wait to its end counts as over. */
function wantsStart({record, state}: Container): boolean {
  if (record.removing) return false;
  if (state.status === 'restarting') return true;
  if (state.status !== 'exited') return false;
  const {RestartPolicy: policy} = record.host;
  if (policy.Name === 'always') return true;
  if (policy.Name === 'unless-stopped') return !record.manuallyStopped;
  if (policy.Name !== 'on-failure' || record.manuallyStopped || state.last.exitCode === 0) return false;
  return policy.MaximumRetryCount === 0 || record.restartCount < policy.MaximumRetryCount;
}
