/**
 * Finds out, after the daemon was killed, which records of each stream are in the log behind the last checkpoint.
 * A record that was cut in the middle is removed: its bytes are still in the spool, and it is written again.
 */
import {open, stat} from 'node:fs/promises';
import type {StreamName} from '../../core/logs/log-entry.ts';
import {parseRecord} from './json-log-reader.ts';
import type {LogCheckpoint} from './json-log-writer.ts';
import {findTail, LineReader} from './line-reader.ts';

/** Number of records of each stream in the log that the checkpoint does not know of. */
export async function recoverLog(
  path: string,
  maximumFiles: number,
  checkpoint: LogCheckpoint,
): Promise<Record<StreamName, number>> {
  const counts = {stdout: 0, stderr: 0};
  if ((await inodeOf(path)) === undefined) return counts;
  await removeTornRecord(path);
  const files = [path, ...Array.from({length: maximumFiles - 1}, (_each, i) => `${path}.${i + 1}`)];
  const inodes = await Promise.all(files.map(inodeOf));
  // Rotation renames: the file of the checkpoint may have become FILE.1. What is newer counts from its beginning.
  const known = inodes.indexOf(checkpoint.inode);
  for (let i = known; i >= 0; i--) await countRecords(files[i] as string, i === known ? checkpoint.size : 0, counts);
  return counts;
}

async function countRecords(path: string, offset: number, counts: Record<StreamName, number>): Promise<void> {
  await using handle = await open(path, 'r');
  const {size} = await handle.stat();
  const reader = new LineReader(handle, size < offset ? 0 : offset);
  for (let lines = await reader.next(); lines.length > 0; lines = await reader.next()) {
    for (const line of lines) {
      const entry = parseRecord(line);
      if (entry) counts[entry.stream]++;
    }
  }
}

async function removeTornRecord(path: string): Promise<void> {
  await using handle = await open(path, 'r+');
  const {size} = await handle.stat();
  if (size === 0) return;
  const last = Buffer.alloc(1);
  await handle.read(last, 0, 1, size - 1);
  if (last[0] === 10) return;
  const {offset} = await findTail(handle, size, 1);
  await handle.truncate(offset);
}

async function inodeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    found => found.ino,
    () => undefined,
  );
}
