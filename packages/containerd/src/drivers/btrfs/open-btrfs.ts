import {mkdir} from 'node:fs/promises';
import type {Logger} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {mountOf, statFs} from '@longshore/linux';
import {openDirectorySnapshotter} from '../../core/snapshots/directory-snapshotter.ts';
import {type SnapshotHooks, type Snapshotter, skipped} from '../../core/snapshots/snapshotter.ts';
import type {Database} from '../metadata-db/database.ts';
import {openSnapshotDirectories} from '../snapshot-directories/snapshot-directories.ts';
import {SqlSnapshotRecords} from '../snapshot-records/sql-snapshot-records.ts';
import {BtrfsFiles} from './btrfs-files.ts';
import {Subvolumes} from './subvolumes.ts';

export interface BtrfsOptions {
  /** Directory of the plugin, `io.containerd.snapshotter.v1.btrfs`, on btrfs; made when absent. */
  root: string;
  database: Database;
  hooks: SnapshotHooks;
  log: Logger;
}

/** The `btrfs` snapshotter. Throws `failed-precondition` when `root` is on another file system. */
export async function openBtrfs({root, database, hooks, log}: BtrfsOptions): Promise<Snapshotter> {
  const name = 'btrfs';
  await mkdir(root, {recursive: true, mode: 0o700});
  const {type} = statFs(root);
  const mount = mountOf(root);
  if (type !== 'btrfs' || !mount) {
    const reason = `path ${root} (${type}) must be a btrfs filesystem to be used with the btrfs snapshotter`;
    throw new EngineError('failed-precondition', `${skipped}${reason}`);
  }
  const subvolumes = new Subvolumes();
  const directories = await openSnapshotDirectories(root, log, path => subvolumes.remove(path));
  const records = new SqlSnapshotRecords(database, name);
  const files = new BtrfsFiles(directories, subvolumes, mount.source);
  return await openDirectorySnapshotter({name, records, files, hooks, log});
}
