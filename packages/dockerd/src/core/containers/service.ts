/** The containers of the engine: events of tasks come in here, and other parts of the core look at them from here. */

import {nowNano} from '../events/event-bus.ts';
import {handleExecExit} from '../exec/start.ts';
import type {ImageUsers} from '../ports/image-service.ts';
import type {AttachableContainer, ContainerEndpoints} from '../ports/network-controller.ts';
import type {TaskListener} from '../ports/task-runtime.ts';
import type {ContainerCounts} from '../system/backend.ts';
import type {Container} from './container.ts';
import {handleExit} from './exit.ts';
import {sandboxRequestOf} from './sandbox-request.ts';
import {hasProcess} from './state.ts';
import {publishContainerEvent, saveContainer, type World} from './world.ts';

/** Exit code of a process whose shim is gone. */
const lostExitCode = 137;

export function taskListener(world: World): TaskListener {
  const report = (what: string, id: string) => (error: unknown) => world.log.error({container: id, error}, what);
  return {
    exited({containerId, execId, pid, exitCode, exitedAt}) {
      const container = world.registry.get(containerId);
      if (!container) return;
      if (execId === '') {
        handleExit(world, container, pid, {exitCode, exitedAt}).catch(report('cannot handle the exit', containerId));
        return;
      }
      const exec = container.execs.get(execId);
      if (exec) handleExecExit(world, container, exec, exitCode);
    },
    outOfMemory(containerId) {
      const container = world.registry.get(containerId);
      if (container) noteOutOfMemory(world, container).catch(report('cannot record the lack of memory', containerId));
    },
    interrupted() {
      for (const container of world.registry.all) {
        reconcile(world, container).catch(report('cannot look at the state of the task', container.id));
      }
      removeLeftTasks(world).catch(error => world.log.error({error}, 'cannot look for tasks that are left'));
    },
  };
}

async function noteOutOfMemory(world: World, container: Container): Promise<void> {
  const {state} = container;
  if (hasProcess(state)) state.oomKilled = true;
  publishContainerEvent(world, container, 'oom');
}

/** Events may have been missed: what the task's state tells is taken for the event. */
async function reconcile(world: World, container: Container): Promise<void> {
  const {state} = container;
  if (!hasProcess(state)) return;
  const found = await world.runtime.status(world.background, container.id);
  if (found.status === 'stopped') await handleExit(world, container, state.pid, found);
  if (found.status === 'gone')
    await handleExit(world, container, state.pid, {exitCode: lostExitCode, exitedAt: nowNano()});
}

/** A containerd that dies while a task is deleted or a start is undone keeps the task of a container that has ended. */
async function removeLeftTasks(world: World): Promise<void> {
  for (const id of await world.runtime.list(world.background)) {
    const container = world.registry.get(id);
    if (!container || hasProcess(container.state)) continue;
    using _lock = await container.lock.acquire(); // a start or the handling of an exit holds it
    if (hasProcess(container.state)) continue;
    world.log.warn({container: id}, 'removing the task of a container that does not run');
    try {
      await world.runtime.destroy(world.background, id);
    } catch (error) {
      world.log.error({container: id, error}, 'cannot remove the task of a container that does not run');
    }
  }
}

export function countContainers({registry}: World): ContainerCounts {
  const of = (...statuses: string[]) => registry.all.filter(({state}) => statuses.includes(state.status)).length;
  const total = registry.all.length;
  const running = of('running', 'restarting');
  const paused = of('paused');
  return {total, running, paused, stopped: total - running - paused};
}

/** The view that the images part has of containers. */
export function imageUsers({registry}: World): ImageUsers {
  return {
    usersOf: imageId =>
      registry.all
        .filter(({record}) => record.image === imageId)
        .map(({id, name, state, record}) => ({id, name, running: hasProcess(state), reference: record.config.Image})),
  };
}

/** The view that the networks part has of containers. */
export function containerEndpoints(world: World): ContainerEndpoints {
  return {
    find: reference => attachable(world, world.registry.find(reference)),
    all: () => world.registry.all.map(container => attachable(world, container)),
  };
}

function attachable(world: World, container: Container): AttachableContainer {
  return {
    id: container.id,
    name: container.name,
    running: hasProcess(container.state),
    networkMode: container.record.host.NetworkMode,
    settings: container.record.network,
    request: () => sandboxRequestOf(world, container),
    async update(change) {
      using _lock = await container.lock.acquire();
      container.record.network = await change(container.record.network);
      await saveContainer(world, container);
    },
  };
}
