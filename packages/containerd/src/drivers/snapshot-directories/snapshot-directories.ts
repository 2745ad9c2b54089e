/**
 * The directories of a snapshotter: `<root>/snapshots/<id>`. One appears by a rename when it is complete and goes by a
 * rename to `rm-…`, so that a kill at any instant leaves a whole directory or garbage with a telling name.
 */
import {mkdir, readdir, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {type Logger, randomHex, Scope} from '@longshore/base';
import type {SnapshotUsage} from '../../core/snapshots/snapshotter.ts';
import {startWorker} from '../workers/start-worker.ts';
import {WorkerPool} from '../workers/worker-pool.ts';
import type {UsageJob} from './usage-job.ts';

const stagingPrefix = 'new-';
const removedPrefix = 'rm-';

/** Deletes a directory and what is below; a directory that is gone is fine. */
export type RemoveDirectory = (path: string) => Promise<void>;

async function removeTree(path: string): Promise<void> {
  await rm(path, {recursive: true, force: true, maxRetries: 3});
}

export class SnapshotDirectories implements AsyncDisposable {
  /** `<plugin directory>/snapshots`. */
  readonly root: string;
  readonly #log: Logger;
  readonly #remove: RemoveDirectory;
  readonly #walkers = new WorkerPool({
    start: () => startWorker('src/drivers/snapshot-directories/tree.worker.ts'),
    size: 1,
  });
  #deletion: Promise<void> = Promise.resolve();
  #closed = false;

  /** `root` is `<plugin directory>/snapshots`. Use `openSnapshotDirectories`. */
  constructor(root: string, log: Logger, remove: RemoveDirectory) {
    this.root = root;
    this.#log = log;
    this.#remove = remove;
  }

  path(id: number): string {
    return join(this.root, String(id));
  }

  /** Makes the directory of `id`; `fill` puts its content into the directory that it is given. */
  async create(id: number, fill: (staging: string) => Promise<void>): Promise<void> {
    await using scope = new Scope(this.#log);
    const staging = join(this.root, `${stagingPrefix}${randomHex(8)}`);
    await mkdir(staging, {mode: 0o700});
    scope.defer(`remove ${staging}`, () => this.#remove(staging));
    await fill(staging);
    await rename(staging, this.path(id));
    scope.release();
  }

  /** Ids that have a directory. */
  async list(): Promise<number[]> {
    const names = await readdir(this.root);
    return names.filter(name => /^[1-9][0-9]*$/.test(name)).map(Number);
  }

  /** Renames directories away and deletes them in the background; those that are not there are fine. */
  async discard(ids: readonly number[]): Promise<void> {
    for (const id of ids) await this.#discardOne(id);
  }

  /** Disk usage of a directory below that of `id`; without the files that are the same ones as below that of `than`. */
  async usage(id: number, below: string, signal: AbortSignal, than?: number): Promise<SnapshotUsage> {
    const job: UsageJob = {root: join(this.path(id), below)};
    if (than !== undefined) job.than = join(this.path(than), below);
    return await this.#walkers.run<SnapshotUsage>(job, {signal});
  }

  async settle(): Promise<void> {
    await this.#deletion;
  }

  /** What is not deleted yet is garbage for the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#walkers[Symbol.asyncDispose]();
  }

  /** What a killed process began to make or to delete. */
  async removeLeftovers(): Promise<void> {
    for (const name of await readdir(this.root)) {
      if (name.startsWith(stagingPrefix) || name.startsWith(removedPrefix)) this.#delete(join(this.root, name));
    }
  }

  async #discardOne(id: number): Promise<void> {
    const removed = join(this.root, `${removedPrefix}${id}-${randomHex(4)}`);
    try {
      await rename(this.path(id), removed);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    this.#delete(removed);
  }

  /** One after the other: deletions would only wait for each other in the file system's journal. */
  #delete(path: string): void {
    this.#deletion = this.#deletion.then(async () => {
      if (this.#closed) return;
      try {
        await this.#remove(path);
      } catch (error) {
        this.#log.warn({path, error}, 'cannot delete snapshot directory, the next start tries again');
      }
    });
  }
}

/** `remove` is for directories that hold more than files. */
export async function openSnapshotDirectories(
  pluginRoot: string,
  log: Logger,
  remove: RemoveDirectory = removeTree,
): Promise<SnapshotDirectories> {
  await mkdir(pluginRoot, {recursive: true, mode: 0o700});
  const root = join(pluginRoot, 'snapshots');
  await mkdir(root, {recursive: true, mode: 0o700});
  const directories = new SnapshotDirectories(root, log, remove);
  await directories.removeLeftovers();
  return directories;
}
