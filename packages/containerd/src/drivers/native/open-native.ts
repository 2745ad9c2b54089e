import type {Logger} from '@longshore/base';
import {openDirectorySnapshotter} from '../../core/snapshots/directory-snapshotter.ts';
import type {SnapshotHooks, Snapshotter} from '../../core/snapshots/snapshotter.ts';
import type {Database} from '../metadata-db/database.ts';
import {openSnapshotDirectories} from '../snapshot-directories/snapshot-directories.ts';
import {SqlSnapshotRecords} from '../snapshot-records/sql-snapshot-records.ts';
import {NativeFiles} from './native-files.ts';

export interface NativeOptions {
  /** Directory of the plugin, `io.containerd.snapshotter.v1.native`; made when absent. */
  root: string;
  database: Database;
  hooks: SnapshotHooks;
  log: Logger;
}

/** The `native` snapshotter, which copies whole trees. */
export async function openNative({root, database, hooks, log}: NativeOptions): Promise<Snapshotter> {
  const name = 'native';
  const directories = await openSnapshotDirectories(root, log);
  const records = new SqlSnapshotRecords(database, name);
  return await openDirectorySnapshotter({name, records, files: new NativeFiles(directories), hooks, log});
}
