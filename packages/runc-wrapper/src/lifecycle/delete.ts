/** Removes what is left of a container: its cgroups, its state directory; then its poststop hooks run. */
import {rmSync} from 'node:fs';
import {sleep} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {cgroupOfContainer} from '../cgroups/container-cgroup.ts';
import {removeCgroup} from '../cgroups/remove.ts';
import {checkContainerId} from '../container-id.ts';
import type {DeleteOptions} from '../runtime-options.ts';
import type {SpawnRuntime} from '../spawn.ts';
import {loadContainer} from '../state/load.ts';
import type {ContainerRecord} from '../state/record.ts';
import {isInitAlive, statusOf} from '../state/status.ts';
import {runHooks} from './hooks.ts';
import {killContainer} from './kill.ts';

const SIGKILL = 9;
const killTimeoutMs = 10_000;

/**
 * Deletes a stopped or created container, with `force` also a running one. Throws not-found, failed-precondition
 * (`cannot delete container X that is not stopped: running`), or what stood in the way of the clean-up; the state
 * directory is gone even then, so that the id is free again.
 */
export async function deleteContainer(
  root: string,
  id: string,
  options: DeleteOptions & {spawn: SpawnRuntime},
): Promise<void> {
  const record = await loadForDelete(root, id, options.force === true);
  if (!record) return;
  const status = statusOf(record);
  if (status !== 'stopped') {
    if (status !== 'created' && !options.force)
      throw new EngineError('failed-precondition', `cannot delete container ${id} that is not stopped: ${status}`);
    await killAndWait(record, options.signal);
  }
  const failures = await destroy(record, options.spawn);
  if (options.onCleanupError) failures.forEach(options.onCleanupError);
  else if (failures.length > 0) throw failures[0];
}

/** A directory without a state file is what an interrupted create left: it goes, and counts as no container. */
async function loadForDelete(root: string, id: string, force: boolean): Promise<ContainerRecord | undefined> {
  try {
    return loadContainer(root, id);
  } catch (error) {
    if (!isErrorCode(error, 'not-found')) throw error;
    checkContainerId(id);
    rmSync(`${root}/${id}`, {recursive: true, force: true});
    if (force) return undefined;
    throw error;
  }
}

async function killAndWait(record: ContainerRecord, signal: AbortSignal | undefined): Promise<void> {
  try {
    await killContainer(record, SIGKILL, false);
  } catch (error) {
    if (!isErrorCode(error, 'failed-precondition')) throw error; // it ended by itself
  }
  const deadline = Date.now() + killTimeoutMs;
  for (let pause = 1; isInitAlive(record); pause = Math.min(pause * 2, 100)) {
    if (Date.now() > deadline) throw new EngineError('deadline-exceeded', 'container init still running');
    await sleep(pause, signal);
  }
}

/** Every step is taken whatever became of the others; answers what went wrong. */
async function destroy(record: ContainerRecord, spawn: SpawnRuntime): Promise<unknown[]> {
  const failures: unknown[] = [];
  const step = async (action: () => Promise<void> | void) => {
    try {
      await action();
    } catch (error) {
      failures.push(error);
    }
  };
  if (!record.ownPidNamespace) await step(() => cgroupOfContainer(record)?.killAll());
  await step(() => removeCgroupOf(record));
  await step(() => rmSync(record.directory, {recursive: true, force: true}));
  await step(() => runHooks(record.poststopHooks, record, 'stopped', spawn));
  return failures;
}

/** An ordinary user's container may be in cgroups that belong to root. */
async function removeCgroupOf(record: ContainerRecord): Promise<void> {
  try {
    await removeCgroup(record);
  } catch (error) {
    if (!record.rootless || !isErrorCode(error, 'permission-denied')) throw error;
  }
}
