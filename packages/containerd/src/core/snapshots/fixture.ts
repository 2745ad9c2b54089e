/** A snapshotter in a temporary directory. Tests only. */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {discardLogger, type Logger} from '@longshore/base';
import type {ExecutionContext} from 'ava';
import {Database} from '../../drivers/metadata-db/database.ts';
import type {SnapshotHooks, Snapshotter} from './snapshotter.ts';
import {RecordingHooks} from './snapshotter-contract.ts';

export interface SnapshotterParts {
  root: string;
  database: Database;
  hooks: SnapshotHooks;
  log: Logger;
}

export async function snapshotterFixture(
  t: ExecutionContext,
  open: (parts: SnapshotterParts) => Promise<Snapshotter>,
): Promise<{snapshotter: Snapshotter; root: string; hooks: RecordingHooks; reopen: () => Promise<Snapshotter>}> {
  const directory = mkdtempSync(join(tmpdir(), 'ls-snap-'));
  const database = new Database(join(directory, 'meta.db'));
  const hooks = new RecordingHooks();
  const root = join(directory, 'plugin');
  const opened: Snapshotter[] = [];
  const reopen = async () => {
    const snapshotter = await open({root, database, hooks, log: discardLogger()});
    opened.push(snapshotter);
    return snapshotter;
  };
  t.teardown(async () => {
    for (const snapshotter of opened) await snapshotter[Symbol.asyncDispose]();
    database[Symbol.dispose]();
    rmSync(directory, {recursive: true});
  });
  return {snapshotter: await reopen(), root, hooks, reopen};
}
