import {lstatSync} from 'node:fs';
import {mkdir, readdir, rm, rmdir} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {isMountPoint} from '@longshore/linux';
import type {MountPlaces} from '../../core/mounts/activation.ts';
import {loopType} from '../../core/mounts/mount-type.ts';
import type {Mount} from '../../core/snapshots/snapshotter.ts';
import {startWorker} from '../workers/start-worker.ts';
import {WorkerPool} from '../workers/worker-pool.ts';
import {hasLoopDevice} from './loop-place.ts';
import {makeDirectoryBelow} from './make-directory.ts';
import {makeFileSystemBelow} from './make-file-system.ts';
import type {MountJob} from './mount-job.ts';

export interface MountPlacesOptions {
  /** Made when it is absent; on the state directory, which a reboot empties as it does mounts. */
  directory: string;
  /** Directories that `mkdir/` may make others in. */
  roots: readonly string[];
}

/** `<directory>/<id>/<index>`: a mount point, or a link to a loop device. */
export async function openMountPlaces({directory, roots}: MountPlacesOptions): Promise<MountPlaces> {
  await mkdir(directory, {recursive: true, mode: 0o711});
  const workers = new WorkerPool({start: () => startWorker('src/drivers/mounts/mount.worker.ts'), size: 1});
  const signal = new AbortController().signal; // mount(2) cannot be stopped midway
  const run = (job: MountJob) => workers.run<void>(job, {signal});
  const path = (id: number, index: number) => join(directory, String(id), String(index));
  return {
    path,
    async mount(id: number, index: number, mount: Mount) {
      const place = path(id, index);
      await mkdir(mount.type === loopType ? dirname(place) : place, {recursive: true, mode: 0o711});
      await run({do: mount.type === loopType ? 'attach' : 'mount', mount, place});
    },
    async makeDirectory(wanted, mode, owner) {
      makeDirectoryBelow(roots, wanted, mode, owner);
    },
    makeFileSystem: (wanted, signal) => makeFileSystemBelow(roots, wanted, signal),
    isMounted: place => isMountPoint(place) || hasLoopDevice(place),
    async remove(id) {
      const own = join(directory, String(id));
      const indexes = await namesIn(own);
      const places = indexes.toSorted((a, b) => Number(b) - Number(a)).map(index => join(own, index));
      if (places.length === 0 && !(await namesIn(directory)).includes(String(id))) return;
      await run({do: 'unmount', places});
      // Never recursively: what is still mounted would be emptied.
      for (const place of places) if (!isLink(place)) await rmdir(place);
      for (const place of places) if (isLink(place)) await rm(place);
      await rmdir(own);
    },
    async list() {
      return (await namesIn(directory)).map(Number).filter(id => Number.isInteger(id));
    },
    async [Symbol.asyncDispose]() {
      await workers[Symbol.asyncDispose]();
    },
  };
}

function isLink(path: string): boolean {
  return lstatSync(path, {throwIfNoEntry: false})?.isSymbolicLink() ?? false;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
