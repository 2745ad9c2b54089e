import {EngineError} from '@longshore/errdefs';
import {freeze, thaw} from '../cgroups/freezer.ts';
import type {ContainerRecord} from '../state/record.ts';
import {statusOf} from '../state/status.ts';

/** Throws failed-precondition (`container not running`) unless it is running or created. */
export async function pauseContainer(record: ContainerRecord, signal?: AbortSignal): Promise<void> {
  const status = statusOf(record);
  if (status !== 'running' && status !== 'created')
    throw new EngineError('failed-precondition', 'container not running');
  await freeze(record.cgroupPaths, signal);
}

/** Throws failed-precondition (`container not paused`) unless it is paused. */
export function resumeContainer(record: ContainerRecord): void {
  if (statusOf(record) !== 'paused') throw new EngineError('failed-precondition', 'container not paused');
  thaw(record.cgroupPaths);
}
