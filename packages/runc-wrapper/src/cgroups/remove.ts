/** Removes a container's cgroups once their processes have gone. */
import {rmdirSync} from 'node:fs';
import {join} from 'node:path';
import {sleep} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {childCgroups} from './processes.ts';

const attempts = 9;

/**
 * Removes the directory of every hierarchy, those below it first. A process that was just killed can hold its cgroup
 * for some milliseconds, so EBUSY is tried again for about half a second in all.
 */
export async function removeCgroups(paths: Record<string, string>): Promise<void> {
  let left = Object.values(paths);
  for (let attempt = 0, pause = 1; attempt < attempts && left.length > 0; attempt++, pause *= 2) {
    if (attempt > 0) await sleep(pause);
    left = left.filter(directory => !removeTree(directory));
  }
  if (left.length > 0) throw new EngineError('failed-precondition', `failed to remove paths: ${left.join(' ')}`);
}

/** Answers whether it is gone. Only ever rmdir: on cgroupfs that takes the kernel's files along, elsewhere it fails. */
function removeTree(directory: string): boolean {
  if (rmdirIfPossible(directory)) return true;
  for (const child of childCgroups(directory)) removeTree(join(directory, child));
  return rmdirIfPossible(directory);
}

function rmdirIfPossible(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV') return true;
    if (code === 'EBUSY' || code === 'ENOTEMPTY') return false;
    throw error;
  }
}
