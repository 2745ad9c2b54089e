import type {Logger} from '@longshore/base';
import {openDirectorySnapshotter} from '../../core/snapshots/directory-snapshotter.ts';
import type {SnapshotHooks, Snapshotter} from '../../core/snapshots/snapshotter.ts';
import type {Database} from '../metadata-db/database.ts';
import {openSnapshotDirectories} from '../snapshot-directories/snapshot-directories.ts';
import {SqlSnapshotRecords} from '../snapshot-records/sql-snapshot-records.ts';
import {checkOverlay, overlayOptions} from './features.ts';
import {OverlayFiles} from './overlay-files.ts';

export interface OverlayOptions {
  /** Directory of the plugin, `io.containerd.snapshotter.v1.overlayfs`; made when absent. */
  root: string;
  database: Database;
  hooks: SnapshotHooks;
  log: Logger;
  /** Further options for every overlay mount (`volatile`); the configuration's `mount_options`. */
  mountOptions?: readonly string[];
  /** Waits for the deletion of files in the call that removes their snapshot. */
  syncRemove?: boolean;
  /** Tells the upper directory of each snapshot by a label. */
  upperdirLabel?: boolean;
}

/** The `overlayfs` snapshotter. Throws `failed-precondition` when the file system of `root` cannot hold layers. */
export async function openOverlay(options: OverlayOptions): Promise<Snapshotter> {
  const {root, database, hooks, log} = options;
  const name = 'overlayfs';
  const directories = await openSnapshotDirectories(root, log);
  const mountOptions = [...(await overlayOptions()), ...(options.mountOptions ?? [])];
  await checkOverlay(root, mountOptions);
  const records = new SqlSnapshotRecords(database, name);
  const files = new OverlayFiles(directories, mountOptions, options.upperdirLabel);
  const syncRemove = options.syncRemove ?? false;
  return await openDirectorySnapshotter({name, records, files, hooks, log, syncRemove});
}
