/** Looks at a root directory that no daemon uses, and changes nothing in it. */
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {messageOf} from '@longshore/errdefs';
import {Database} from '../metadata-db/database.ts';
import {checkContent} from './check-content.ts';
import {checkDatabase} from './check-database.ts';
import {checkReferences} from './check-references.ts';
import {checkSnapshots} from './check-snapshots.ts';
import {damage, type Problem} from './problem.ts';

export interface CheckOptions {
  root: string;
  /** Where the snapshotters of this machine have their files, by name. */
  snapshotters: ReadonlyMap<string, string>;
  /** False when blobs lie in another process. */
  hasOwnContent: boolean;
}

/** Yields problems as they are found; nothing for a root that was never used. */
export async function checkRoot(options: CheckOptions, report: (problem: Problem) => void): Promise<void> {
  const {root, snapshotters, hasOwnContent} = options;
  const path = join(root, 'io.containerd.metadata.v1.sqlite/meta.db');
  const content = join(root, 'io.containerd.content.v1.content');
  if (!existsSync(path)) {
    const left = [content, ...snapshotters.values()].filter(existsSync);
    for (const directory of left) report(damage('database', '', path, `is not there, but "${directory}" is`));
    return;
  }
  try {
    using database = new Database(path);
    if (!checkDatabase(database, path, report)) return;
    if (hasOwnContent) await checkContent(database, content, report);
    await checkSnapshots(database, snapshotters, report);
    checkReferences(database, report);
  } catch (error) {
    // SQLite refuses a file that is none of its own, and tables that are not there.
    report(damage('database', '', path, messageOf(error)));
  }
}
