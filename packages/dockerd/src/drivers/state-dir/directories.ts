/** The directories that the daemon owns, with Docker's modes, and the identity of this installation. */
import {randomUUID} from 'node:crypto';
import {chmod, chown, mkdir, readdir, realpath, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {readFileIfExists, writeFileAtomic} from '@longshore/base';

/**
 * Makes what is missing below the data root and the exec root. Containers of a remapped root (`group`) reach their files
 * as members of its group.
 */
export async function makeDirectories(dataRoot: string, execRoot: string, group = 0): Promise<void> {
  await makeDirectory(dataRoot, 0o710, group);
  await makeDirectory(execRoot, 0o711);
  for (const [name, mode] of [
    ['containers', 0o710],
    ['network', 0o750],
    ['rootfs', 0o710],
    ['tmp', 0o700],
    ['volumes', 0o701],
  ] as const) {
    await makeDirectory(join(dataRoot, name), mode, mode === 0o710 ? group : 0);
  }
}

/** The data root itself where the configuration names a symbolic link to it. */
export async function resolveRoot(path: string): Promise<string> {
  return realpath(path).catch(() => path); // not there yet: it is made
}

/** Removes what an earlier daemon was working on when it ended. */
export async function clearTemporaryFiles(dataRoot: string): Promise<void> {
  const directory = join(dataRoot, 'tmp');
  for (const name of await readdir(directory)) await rm(join(directory, name), {recursive: true, force: true});
}

/** The engine's id: a UUID that is made once. */
export async function loadEngineId(dataRoot: string): Promise<string> {
  const path = join(dataRoot, 'engine-id');
  const known = (await readFileIfExists(path))?.trim();
  if (known) return known;
  const id = randomUUID();
  await writeFileAtomic(path, id);
  return id;
}

/** Owner and mode are only given to what is new. */
async function makeDirectory(path: string, mode: number, group = 0): Promise<void> {
  const made = await mkdir(path, {recursive: true, mode});
  if (made === undefined) return;
  await chmod(path, mode);
  if (group !== 0) await chown(path, -1, group);
}
