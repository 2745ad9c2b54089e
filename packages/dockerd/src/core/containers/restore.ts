/**
 * After a start of the daemon: the records on disk meet what really runs. A container that has a process is taken over,
 * whatever its record says; one whose process ended meanwhile gets the exit that it had; leftovers are removed.
 */
import {isErrorCode} from '@longshore/errdefs';
import {nowNano} from '../events/event-bus.ts';
import type {TaskStatus} from '../ports/task-runtime.ts';
import {Container} from './container.ts';
import {removeLocked} from './destroy.ts';
import {handleExit} from './exit.ts';
import {startHealthChecks} from './health.ts';
import {restoreLinks} from './links/links.ts';
import {logRequestOf} from './log-request.ts';
import {sandboxRequestOf} from './sandbox-request.ts';
import {startByPolicy} from './start-by-policy.ts';
import {hasProcess, lastRunOf} from './state.ts';
import {saveContainer, type World} from './world.ts';

/** An exit of which nobody knows the code: the shim is gone too. */
const unknownExitCode = 137;

/** `lock` is the container's, held until what it has is taken over: an exit that is told meanwhile has to wait. */
type Found = {container: Container; status: TaskStatus; lock: Disposable};

/** Loads all containers and brings kernel, containerd and records together. Nothing is served before it is done. */
export async function restoreContainers(world: World): Promise<void> {
  const foreign = new Set<string>();
  for (const record of await world.store.loadAll()) {
    if (record.driver !== world.snapshotter) {
      const {id, driver} = record;
      world.log.warn({container: id, driver}, 'a container of another storage driver is left alone');
      foreign.add(id);
      continue;
    }
    const container = new Container(record);
    world.registry.add(container);
    reserveName(world, container);
  }
  const {all} = world.registry;
  for (const container of all) restoreLinks(world, container);
  // Strangers first: their mounts and snapshots can go once nothing runs in them.
  const [found] = await Promise.all([
    Promise.all(all.map(container => inspectTask(world, container))),
    removeStrangers(world, foreign),
  ]);
  const running = found.filter(({status}) => isAlive(status));
  await adopt(world, running);
  for (const {lock} of running) lock[Symbol.dispose]();
  await Promise.all(found.filter(({status}) => !isAlive(status)).map(each => finishDead(world, each)));
  await removeLeftovers(world);
  void startByPolicy(world);
}

/** Two records with one name can only come from a rename that was killed between two writes: the newer one keeps it. */
function reserveName(world: World, container: Container): void {
  const {record, id} = container;
  try {
    world.registry.reserveName(record.name, id);
  } catch (error) {
    if (!isErrorCode(error, 'conflict')) throw error;
    world.log.warn({container: id, name: record.name}, 'name is taken: the container gets its id for a name');
    record.name = `/${id}`;
    world.registry.reserveName(record.name, id);
  }
}

async function inspectTask(world: World, container: Container): Promise<Found> {
  const lock = await container.lock.acquire();
  return {container, lock, status: await world.runtime.status(world.background, container.id)};
}

function isAlive(status: TaskStatus): status is TaskStatus & {status: 'running' | 'paused'; pid: number} {
  return status.status === 'running' || status.status === 'paused';
}

/** Takes over what runs: state, network, volumes, pipes. */
async function adopt(world: World, running: Found[]): Promise<void> {
  for (const {container, status} of running) {
    if (!isAlive(status)) continue;
    const {state} = container;
    const startedAt = hasProcess(state) ? state.startedAt : nowNano();
    const oomKilled = hasProcess(state) && state.oomKilled;
    container.record.state = {status: status.status, pid: status.pid, startedAt, previous: lastRunOf(state), oomKilled};
    container.record.hasBeenStarted = true;
  }
  const ids = new Set(running.map(({container}) => container.id));
  const owned = new Set(world.registry.all.map(({id}) => id));
  await Promise.all([restoreFiles(world, owned, ids), restoreNetworks(world, running)]);
  await Promise.all(running.map(({container}) => reopen(world, container)));
}

async function restoreFiles(world: World, owned: ReadonlySet<string>, running: ReadonlySet<string>): Promise<void> {
  await world.rootfs.restore(world.background, owned, running);
  await world.parts.restore(world.background, owned, running);
  await world.volumes.restore(volumeReferences(world, running));
}

function restoreNetworks(world: World, running: readonly Found[]): Promise<void> {
  return world.networks.restore(
    world.background,
    running
      .filter(({container}) => !container.record.host.NetworkMode.startsWith('container:'))
      .map(({container}) => ({request: sandboxRequestOf(world, container), settings: container.record.network})),
  );
}

function volumeReferences(world: World, running: ReadonlySet<string>) {
  return world.registry.all.flatMap(({id, record}) =>
    Object.values(record.mounts)
      .filter(({Type}) => Type === 'volume')
      .map(({Name}) => ({name: Name, containerId: id, mounted: running.has(id)})),
  );
}

async function reopen(world: World, container: Container): Promise<void> {
  const {id, record, output} = container;
  const {OpenStdin: stdin, Tty: tty} = record.config;
  try {
    const io = await world.stdio.reopen({
      containerId: id,
      stdin,
      tty,
      log: logRequestOf(world, container),
      receiver: output,
    });
    io.attached();
    container.setIo(io);
  } catch (error) {
    world.log.error({container: id, error}, 'cannot open the pipes of a running container: its output is not logged');
  }
  await saveContainer(world, container);
  startHealthChecks(world, container);
  world.log.info({container: id}, 'took over a running container');
}

/** The record may say that it runs, or containerd may still hold the task of a run that has ended. */
async function finishDead(world: World, found: Found): Promise<void> {
  const {container, status} = found;
  using lock = found.lock;
  const {state, id} = container;
  const claimed = hasProcess(state);
  if (!claimed && status.status === 'gone') {
    await world.stdio.discard(id);
    return;
  }
  if (!claimed) {
    // A start that was killed before the process ran: nobody was told about it.
    await world.runtime.destroy(world.background, id);
    await world.networks.release(world.background, id);
    await world.stdio.discard(id);
    return;
  }
  const noted = world.exits.read(id, state.pid);
  const exit = status.status === 'stopped' ? status : (noted ?? {exitCode: unknownExitCode, exitedAt: nowNano()});
  await reopenForTheRest(world, container);
  lock[Symbol.dispose](); // whoever handles the exit takes it
  await handleExit(world, container, state.pid, exit);
}

/** What the container wrote last is still in its pipes. */
async function reopenForTheRest(world: World, container: Container): Promise<void> {
  const {id, record, output} = container;
  try {
    const request = {
      containerId: id,
      stdin: false,
      tty: record.config.Tty,
      log: logRequestOf(world, container),
      receiver: output,
    };
    container.setIo(await world.stdio.reopen(request));
  } catch (error) {
    world.log.debug({container: id, error}, 'a container that has ended left no output');
  }
}

/** Tasks in our namespace that belong to no container, of a create or remove that was killed, and pipes of such. */
async function removeStrangers(world: World, foreign: ReadonlySet<string>): Promise<void> {
  const ids = await world.runtime.list(world.background);
  const strangers = ids.filter(id => !world.registry.get(id) && !foreign.has(id));
  await Promise.all(strangers.map(id => removeStranger(world, id)));
  await world.stdio.sweep(new Set([...foreign, ...world.registry.all.map(({id}) => id)]));
}

export async function removeStranger(world: World, id: string): Promise<void> {
  world.log.warn({container: id}, 'removing the task of a container that does not exist');
  try {
    await world.runtime.destroy(world.background, id);
  } catch (error) {
    world.log.error({container: id, error}, 'cannot remove the task of a container that does not exist');
  }
}

/** `--rm` containers that ended while no daemon was there, and removals that failed. */
async function removeLeftovers(world: World): Promise<void> {
  for (const container of world.registry.all) {
    const {state, record} = container;
    const wasRun = state.status === 'exited' || (state.status === 'created' && state.error !== '');
    if (state.status !== 'dead' && !record.removing && !(record.host.AutoRemove && wasRun)) continue;
    using _lock = await container.lock.acquire();
    await removeLocked(world, world.background, container, {removeVolumes: true}).catch(error => {
      world.log.error({container: container.id, error}, 'cannot remove the container');
    });
  }
}
