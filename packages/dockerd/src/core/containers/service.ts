/** The containers of the engine: events of tasks come in here, and other parts of the core look at them from here. */

import {handleExecExit} from '../exec/start.ts';
import type {ImageUsers} from '../ports/image-service.ts';
import type {AttachableContainer, ContainerEndpoints} from '../ports/network-controller.ts';
import type {TaskListener} from '../ports/task-runtime.ts';
import type {ContainerCounts} from '../system/backend.ts';
import type {Container} from './container.ts';
import {handleExit} from './exit.ts';
import {reconcile, reconcileExec, removeLeftTasks} from './reconcile.ts';
import {sandboxRequestOf} from './sandbox-request.ts';
import {hasProcess} from './state.ts';
import {publishContainerEvent, saveContainer, type World} from './world.ts';

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
        for (const exec of container.execs.values()) {
          reconcileExec(world, container, exec).catch(report('cannot look at the state of an exec', container.id));
        }
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
