/** Walks directory trees for their disk usage, off the main thread. */
import {lstatSync, readdirSync, type Stats} from 'node:fs';
import {join, relative} from 'node:path';
import type {SnapshotUsage} from '../../core/snapshots/snapshotter.ts';
import {serveJobs} from '../workers/serve-jobs.ts';
import type {UsageJob} from './usage-job.ts';

const blockBytes = 512;

/** Bytes of disk blocks and number of inodes below and including `root`; a hard link counts once. */
function diskUsage({root, than}: UsageJob): SnapshotUsage {
  const usage = {size: 0, inodes: 0};
  const linked = new Set<string>();
  const open = [root];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const status = lstatSync(path, {throwIfNoEntry: false});
    if (!status) continue; // removed while we walk: an active snapshot is in use
    if (status.isDirectory()) for (const name of entries(path)) open.push(join(path, name));
    else if (status.nlink > 1) {
      const inode = `${status.dev}:${status.ino}`;
      if (linked.has(inode)) continue;
      linked.add(inode);
    }
    if (than !== undefined && isSame(status, join(than, relative(root, path)))) continue;
    usage.inodes++;
    usage.size += status.blocks * blockBytes;
  }
  return usage;
}

/** A snapshot keeps the inode numbers and the change times of what it was made from. */
function isSame({ino, ctimeMs, size}: Stats, path: string): boolean {
  const other = lstatSync(path, {throwIfNoEntry: false});
  return other?.ino === ino && other.ctimeMs === ctimeMs && other.size === size;
}

function entries(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

serveJobs<UsageJob>(diskUsage);
