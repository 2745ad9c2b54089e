/**
 * The data root as a shared mount. A container that binds something of it with `rslave` or `rshared` then sees what is
 * mounted and unmounted there later; on a private mount such binds are refused.
 */
import {existsSync} from 'node:fs';
import {rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {Logger} from '@longshore/base';
import {bindMount, MNT_DETACH, type MountInfo, makeShared, mountOf, readMountInfo, umount} from '@longshore/linux';

/** Exists while the data root is a mount of the daemon's making: a later daemon unmounts it, too. */
const markName = 'unmount-on-shutdown';

/**
 * Makes `dataRoot` shared, by a mount onto itself where it is not a mount point, unless mounts spread from or into it
 * already. What lies below it from a daemon that did not do this would be hidden, so then it is left as it is. Dispose
 * undoes a mount onto itself, unless something is still mounted below: containers that go on running.
 */
export async function shareDataRoot(dataRoot: string, execRoot: string, log: Logger): Promise<AsyncDisposable> {
  const mark = join(execRoot, markName);
  const mounts = readMountInfo();
  const holder = mountOf(dataRoot, mounts);
  const isMountPoint = holder?.mountPoint === dataRoot;
  if (!isMountPoint) await rm(mark, {force: true});
  if (!holder || !spreads(holder)) {
    if (isMountPoint) makeShared(dataRoot);
    else if (hasMountsBelow(dataRoot, mounts)) {
      log.warn({dataRoot}, 'the data root is not made a shared mount: something is mounted below it');
    } else {
      // The mark first: a mount of nobody is worse than a mark without one.
      await writeFile(mark, '', {mode: 0o600});
      bindMount(dataRoot, dataRoot);
      makeShared(dataRoot);
    }
  }
  return {[Symbol.asyncDispose]: () => unshare(dataRoot, mark, log)};
}

async function unshare(dataRoot: string, mark: string, log: Logger): Promise<void> {
  if (!existsSync(mark) || hasMountsBelow(dataRoot, readMountInfo())) return;
  try {
    umount(dataRoot, MNT_DETACH);
  } catch (error) {
    log.warn({error, dataRoot}, 'cannot unmount the data root');
  }
  await rm(mark, {force: true});
}

function spreads({optionalFields}: MountInfo): boolean {
  return optionalFields.some(field => field.startsWith('shared:') || field.startsWith('master:'));
}

function hasMountsBelow(path: string, mounts: readonly MountInfo[]): boolean {
  return mounts.some(({mountPoint}) => mountPoint.startsWith(`${path}/`));
}
