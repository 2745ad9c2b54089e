/** What happens when a container's process has ended: clean up, record, announce, and then restart or remove it. */
import {type CallContext, sleep, withSpan, withTimeout} from '@longshore/base';
import {isErrorCode} from '@longshore/errdefs';
import {nowNano} from '../events/event-bus.ts';
import {handleExecExit} from '../exec/start.ts';
import type {NotedExit} from '../ports/exit-notes.ts';
import type {ProcessExit} from '../ports/task-runtime.ts';
import {whileAway} from './away-patience.ts';
import type {Container} from './container.ts';
import {removeLocked} from './destroy.ts';
import {unmountVolumes} from './mounts/resolve.ts';
import {withoutRunData} from './network-between-runs.ts';
import {startLocked} from './start.ts';
import {hasProcess, type LastRun} from './state.ts';
import {publishContainerEvent, saveOrWarn, type World} from './world.ts';

/** The shim lets its pipes run dry for up to 10 s before a task is deleted. */
const deleteTimeoutMs = 30_000;
const killedExitCode = 137;

/** The exit of the process `pid`; an event of an earlier run is ignored. */
export async function handleExit(world: World, container: Container, pid: number, exit: ProcessExit): Promise<void> {
  using _lock = await container.lock.acquire();
  const {state} = container;
  if (!hasProcess(state) || state.pid !== pid) return;
  noteExit(world, container, {...exit, pid});
  container.stopHealthChecks();
  endExecs(world, container);
  await withSpan({...world.background, ...container.trace}, 'container exit', ctx => cleanUpRun(world, ctx, container));
  const run: LastRun = {
    exitCode: exit.exitCode,
    startedAt: state.startedAt,
    finishedAt: exit.exitedAt || nowNano(),
    oomKilled: state.oomKilled,
    error: '',
  };
  await settle(world, container, run);
  world.exits.remove(container.id);
}

/** On a full disk the exit is handled without a note. */
function noteExit(world: World, {id}: Container, exit: NotedExit): void {
  try {
    world.exits.write(id, exit);
  } catch (error) {
    world.log.warn({container: id, error}, 'cannot note the exit');
  }
}

/** Execs end with the container; of those whose shim was killed nobody else tells. */
function endExecs(world: World, container: Container): void {
  for (const exec of container.execs.values()) if (exec.running) handleExecExit(world, container, exec, killedExitCode);
}

/** Everything of a run that has ended: the task, its pipes, its network and its mounts. Failures are logged. */
async function cleanUpRun(world: World, parent: CallContext, container: Container): Promise<void> {
  const {id, record} = container;
  const ctx = withTimeout(parent, deleteTimeoutMs);
  const attempt = async (what: string, work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      world.log.error({container: id, error}, `cannot ${what}`);
    }
  };
  const ended = attempt('delete the task', () => deleteTask(world, ctx, id));
  await Promise.all([
    ended.then(() => attempt('close the pipes', () => withSpan(ctx, 'empty pipes', () => container.io?.finish()))),
    ended.then(() =>
      attempt('unmount the rootfs', () => withSpan(ctx, 'unmount rootfs', () => world.rootfs.unmount(id))),
    ),
    ended.then(() => attempt('unmount volumes', () => unmountVolumes(world, ctx, container))),
    attempt('release the network', () => world.networks.release(ctx, id)),
  ]);
  if (record.files.shm) await attempt('unmount the shared memory', () => world.files.unmountShm(record.files.shm));
  container.io = undefined;
  record.network = withoutRunData(record.network);
}

/** A task that cannot be deleted in an orderly way is destroyed; a containerd that is away is waited for. */
async function deleteTask(world: World, ctx: CallContext, id: string): Promise<void> {
  try {
    await whileAway(world, ctx.signal, () => world.runtime.delete(ctx, id));
  } catch (error) {
    if (isErrorCode(error, 'unavailable', 'canceled')) throw error;
    world.log.warn({container: id, error}, 'cannot delete the task: destroying it');
    await world.runtime.destroy(withTimeout(world.background, deleteTimeoutMs), id);
  }
}

/** Records the end of a run, announces it, and does what the container asked for. The caller holds the lock. */
async function settle(world: World, container: Container, run: LastRun): Promise<void> {
  const {record} = container;
  const durationMs = Number((run.finishedAt - run.startedAt) / 1_000_000n);
  const isAutomatic = container.suppressAutoActions === 0;
  const delay =
    isAutomatic && !world.shuttingDown
      ? container.restarts.next(record.host.RestartPolicy, {
          exitCode: run.exitCode,
          durationMs,
          restarts: record.restartCount,
          stopped: record.manuallyStopped,
        })
      : undefined;
  // Docker counts a restart when it is decided, not when its pause is over.
  if (delay !== undefined) record.restartCount++;
  container.moveTo(delay === undefined ? {status: 'exited', last: run} : {status: 'restarting', last: run});
  await saveOrWarn(world, container);
  if (container.stopping > 0) publishContainerEvent(world, container, 'stop');
  publishContainerEvent(world, container, 'die', {
    execDuration: String(Math.floor(durationMs / 1000)),
    exitCode: String(run.exitCode),
  });
  container.output.end();
  if (delay !== undefined) scheduleRestart(world, container, delay);
  container.announceExit({exitCode: run.exitCode, error: ''});
  if (record.host.AutoRemove && isAutomatic) {
    await removeLocked(world, world.background, container, {removeVolumes: true});
  }
}

function scheduleRestart(world: World, container: Container, delayMs: number): void {
  const abort = new AbortController();
  container.setPendingRestart(abort);
  const restart = async () => {
    await sleep(delayMs, abort.signal);
    using _lock = await container.lock.acquire(abort.signal);
    abort.signal.throwIfAborted();
    container.setPendingRestart(undefined);
    if (container.state.status !== 'restarting' || world.shuttingDown) return;
    await startLocked(world, world.background, container);
  };
  restart().catch(error => {
    if (!abort.signal.aborted) world.log.error({container: container.id, error}, 'cannot restart the container');
  });
}
