import {EngineError} from '@longshore/errdefs';
import {freeze, thaw} from '../cgroups/container-cgroup.ts';
import type {ContainerRecord} from '../state/record.ts';
import {statusOf} from '../state/status.ts';

/** Throws failed-precondition (`container not running`) unless it is running or created. */
export async function pauseContainer(record: ContainerRecord, signal?: AbortSignal): Promise<void> {
  const status = statusOf(record);
  if (status !== 'running' && status !== 'created')
    throw new EngineError('failed-precondition', 'container not running');
  await freeze(record, signal);
}

/** Throws failed-precondition (`container not paused`) unless it is paused. */
export async function resumeContainer(record: ContainerRecord): Promise<void> {
  if (statusOf(record) !== 'paused') throw new EngineError('failed-precondition', 'container not paused');
  await thaw(record);
}
