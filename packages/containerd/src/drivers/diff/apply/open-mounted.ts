/** Mounts that only this process sees, through a descriptor. */
import {mkdtempSync, readdirSync, rmdirSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {
  AT_FDCWD,
  MNT_DETACH,
  type MountSpec,
  mountAll,
  O_DIRECTORY,
  O_PATH,
  openAt,
  processExists,
  UMOUNT_NOFOLLOW,
  umount,
  unmountAll,
} from '@longshore/linux';
import type {DirectoryFd} from './directory-view.ts';

const prefix = 'longshore-mount-';

/** Mounts at a place that nobody else sees for longer than a moment: the descriptor alone keeps the mount. */
export function openMounted(mounts: readonly MountSpec[]): DirectoryFd {
  const place = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  try {
    mountAll(mounts, place);
    try {
      return openAt(AT_FDCWD, place, O_PATH | O_DIRECTORY);
    } finally {
      for (const _ of mounts.filter(mount => !mount.target)) umount(place, MNT_DETACH | UMOUNT_NOFOLLOW);
    }
  } finally {
    rmdirSync(place);
  }
}

/** Removes the places, and mounts there, of processes that were killed in that moment. */
export function removeDeadPlaces(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number(/^(\d+)-/.exec(name.slice(prefix.length))?.[1]) : Number.NaN;
    if (!Number.isInteger(pid) || processExists(pid)) continue;
    const place = join(tmpdir(), name);
    unmountAll(place);
    rmdirSync(place);
  }
}
