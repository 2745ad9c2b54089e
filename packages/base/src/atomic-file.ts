/** Files that are whole or absent after a crash: write a temporary beside the target, fsync, rename, fsync the directory. */
import {open, readdir, readFile, rename, rm} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {randomHex} from './ids.ts';

const temporaryMark = '.tmp-';

export interface AtomicWriteOptions {
  /** Permission bits of the new file; 0600 by default. */
  mode?: number;
  /** False leaves out both fsyncs: for files on tmpfs, which no power cut survives anyway. */
  durable?: boolean;
}

/** Replaces `path` as a whole. Throws what the file system throws; the old file is then untouched. */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: AtomicWriteOptions = {},
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}${temporaryMark}${randomHex(6)}`);
  try {
    await writeWhole(temporary, data, options);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, {force: true});
    throw error;
  }
  if (options.durable !== false) await syncDirectory(dirname(path));
}

async function writeWhole(path: string, data: string | Uint8Array, options: AtomicWriteOptions): Promise<void> {
  await using file = await open(path, 'wx', options.mode ?? 0o600);
  await file.writeFile(data);
  if (options.durable !== false) await file.datasync();
}

/** Makes a rename or unlink in `directory` survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, 'r');
  await handle.sync();
}

/** Removes what a killed writeFileAtomic left in `directory`. Call it at start, before anyone writes there. */
export async function removeTemporaries(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith('.') && name.includes(temporaryMark)) await rm(join(directory, name), {force: true});
  }
}

export async function readFileIfExists(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Parses a JSON file; undefined when it is absent. Throws a SyntaxError on a damaged one. */
export async function readJsonIfExists(path: string): Promise<unknown> {
  const text = await readFileIfExists(path);
  return text === undefined ? undefined : JSON.parse(text);
}
