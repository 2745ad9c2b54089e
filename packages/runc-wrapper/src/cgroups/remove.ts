import {rmdirSync} from 'node:fs';
import type {ContainerRecord} from '../state/record.ts';
import {cgroupOfContainer} from './container-cgroup.ts';

/** A process that was just killed can hold its cgroup for some milliseconds. */
const timeoutMs = 1000;

/**
 * Removes the container's cgroup and those below it, in every hierarchy. Nearly always it is empty by now, and then
 * the native library, whose loading takes longer than all of a delete, is not needed. Throws deadline-exceeded when
 * processes stay in it.
 */
export async function removeCgroup(record: Pick<ContainerRecord, 'cgroupPaths'>): Promise<void> {
  const removed = Object.values(record.cgroupPaths).map(removeIfEmpty);
  if (removed.includes(false)) await cgroupOfContainer(record)?.remove({timeoutMs});
}

function removeIfEmpty(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'; // others are met again on the slow way, and told there
  }
}
