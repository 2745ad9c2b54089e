import {opendir} from 'node:fs/promises';
import {join} from 'node:path';
import type {CallContext} from '@longshore/base';
import {AT_FDCWD, fstatAtIfExists} from '@longshore/linux';

/** Bytes of all files below a directory, each file once however many names it has. What vanishes meanwhile is skipped. */
export async function directoryUsage(ctx: CallContext, path: string): Promise<number> {
  const seen = new Set<string>();
  const pending = [path];
  let bytes = 0;
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    ctx.signal.throwIfAborted();
    for await (const entry of await openIfExists(directory)) {
      const status = fstatAtIfExists(AT_FDCWD, join(directory, entry.name));
      if (!status) continue;
      if (entry.isDirectory()) pending.push(join(directory, entry.name));
      else if (status.nlink === 1 || !seen.has(`${status.dev}:${status.ino}`)) bytes += Number(status.size);
      if (status.nlink > 1) seen.add(`${status.dev}:${status.ino}`);
    }
  }
  return bytes;
}

async function openIfExists(path: string) {
  try {
    return await opendir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
