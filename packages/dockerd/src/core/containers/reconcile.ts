/** After containerd was away: exits that nobody told of are found, and tasks that are left are removed. */
import {nowNano} from '../events/event-bus.ts';
import type {Exec} from '../exec/exec.ts';
import {handleExecExit} from '../exec/start.ts';
import type {Container} from './container.ts';
import {handleExit} from './exit.ts';
import {removeStranger} from './restore.ts';
import {hasProcess} from './state.ts';
import type {World} from './world.ts';

/** Exit code of a process whose shim is gone. */
const lostExitCode = 137;

/** Events may have been missed: what the task's state tells is taken for the event. */
export async function reconcile(world: World, container: Container): Promise<void> {
  // A start that is under way ends with a process that may have ended already, without anybody telling.
  if (!hasProcess(container.state)) (await container.lock.acquire())[Symbol.dispose]();
  const {state} = container;
  if (!hasProcess(state)) return;
  const found = await world.runtime.status(world.background, container.id);
  if (found.status === 'stopped') await handleExit(world, container, state.pid, found);
  if (found.status === 'gone')
    await handleExit(world, container, state.pid, {exitCode: lostExitCode, exitedAt: nowNano()});
}

/** The same for a further process of a container; one that is being started is looked at when it has been. */
export async function reconcileExec(world: World, container: Container, exec: Exec): Promise<void> {
  if (exec.state.status === 'starting') await exec.started.promise;
  if (!exec.running) return;
  const found = await world.runtime.status(world.background, container.id, exec.id);
  if (found.status === 'stopped') handleExecExit(world, container, exec, found.exitCode);
  if (found.status === 'gone') handleExecExit(world, container, exec, lostExitCode);
}

/**
 * A containerd that dies while a task is deleted or a start is undone keeps the task of a container that has ended, or
 * has been removed since. What was never known here is somebody else's.
 */
export async function removeLeftTasks(world: World): Promise<void> {
  for (const id of await world.runtime.list(world.background)) {
    const container = world.registry.get(id);
    if (world.registry.wasRemoved(id)) await removeStranger(world, id);
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
