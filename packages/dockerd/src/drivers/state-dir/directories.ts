/** The directories that the daemon owns, with Docker's modes, and the identity of this installation. */
import {randomUUID} from 'node:crypto';
import {chmod, mkdir, readdir, realpath, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {readFileIfExists, writeFileAtomic} from '@longshore/base';

/** Makes what is missing below the data root and the exec root. */
export async function makeDirectories(dataRoot: string, execRoot: string): Promise<void> {
  await makeDirectory(dataRoot, 0o710);
  await makeDirectory(execRoot, 0o711);
  for (const [name, mode] of [
    ['containers', 0o710],
    ['network', 0o750],
    ['rootfs', 0o710],
    ['tmp', 0o700],
    ['volumes', 0o701],
  ] as const) {
    await makeDirectory(join(dataRoot, name), mode);
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

async function makeDirectory(path: string, mode: number): Promise<void> {
  const made = await mkdir(path, {recursive: true, mode});
  if (made !== undefined) await chmod(path, mode);
}
