/** Snapshots that are mounted for as long as something is done in them. */
import {mkdir, rmdir} from 'node:fs/promises';
import {join} from 'node:path';
import {randomHex} from '@longshore/base';
import {type MountSpec, mountAll, unmountAll} from '@longshore/linux';

/** Mounts below `scratch` and gives `action` the path; unmounts in any case. */
export async function withMounted<T>(
  scratch: string,
  mounts: readonly MountSpec[],
  action: (path: string) => T | Promise<T>,
): Promise<T> {
  const path = join(scratch, `mount-${randomHex(8)}`);
  await mkdir(path, {mode: 0o700});
  try {
    mountAll(mounts, path);
    return await action(path);
  } finally {
    unmountAll(path);
    await rmdir(path);
  }
}
