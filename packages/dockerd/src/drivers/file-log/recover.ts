/**
 * Finds out, after the daemon was killed, which records of each stream are in the log behind the last checkpoint.
 * A record that was cut in the middle is removed: its bytes are still in the spool, and it is written again.
 */
import {type FileHandle, open, stat} from 'node:fs/promises';
import type {StreamName} from '../../core/logs/log-entry.ts';
import type {LogCheckpoint} from './file-log-writer.ts';
import type {RecordFormat} from './record-format.ts';

const chunkSize = 64 * 1024;

/** Number of records of each stream in the log that the checkpoint does not know of. */
export async function recoverLog(
  path: string,
  maximumFiles: number,
  format: RecordFormat,
  checkpoint: LogCheckpoint,
): Promise<Record<StreamName, number>> {
  const counts = {stdout: 0, stderr: 0};
  if ((await inodeOf(path)) === undefined) return counts;
  await removeTornRecord(path, format);
  const files = [path, ...Array.from({length: maximumFiles - 1}, (_each, i) => `${path}.${i + 1}`)];
  const inodes = await Promise.all(files.map(inodeOf));
  // Rotation renames: the file of the checkpoint may have become FILE.1. What is newer counts from its beginning.
  const known = inodes.indexOf(checkpoint.inode);
  for (let i = known; i >= 0; i--) {
    await countRecords(files[i] as string, i === known ? checkpoint.size : 0, format, counts);
  }
  return counts;
}

async function countRecords(
  path: string,
  offset: number,
  format: RecordFormat,
  counts: Record<StreamName, number>,
): Promise<void> {
  await using handle = await open(path, 'r');
  const {size} = await handle.stat();
  const decoder = format.decoder();
  for await (const chunk of chunksFrom(handle, size < offset ? 0 : offset)) {
    for (const entry of decoder.push(chunk)) if (entry) counts[entry.stream]++;
  }
}

async function* chunksFrom(handle: FileHandle, start: number): AsyncGenerator<Buffer, void, void> {
  for (let offset = start; ; ) {
    const {bytesRead, buffer} = await handle.read(Buffer.allocUnsafeSlow(chunkSize), 0, chunkSize, offset);
    if (bytesRead === 0) return;
    offset += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function removeTornRecord(path: string, format: RecordFormat): Promise<void> {
  await using handle = await open(path, 'r+');
  const {size} = await handle.stat();
  const whole = await format.wholeSize(handle, size);
  if (whole < size) await handle.truncate(whole);
}

async function inodeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    found => found.ino,
    () => undefined,
  );
}
