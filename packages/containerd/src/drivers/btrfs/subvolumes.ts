import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import {startWorker} from '../workers/start-worker.ts';
import {WorkerPool} from '../workers/worker-pool.ts';
import type {SubvolumeJob} from './subvolume-job.ts';

/** Of the subvolume in a snapshot's directory. */
export const subvolumeName = 'fs';

/** Subvolumes made and removed in a thread. Disposing it ends the thread. */
export class Subvolumes implements AsyncDisposable {
  readonly #workers = new WorkerPool({start: () => startWorker('src/drivers/btrfs/subvolume.worker.ts'), size: 1});
  /** What is half made is garbage with a telling name: nothing here needs to be stopped midway. */
  readonly #signal = new AbortController().signal;

  async create(path: string): Promise<void> {
    await this.#run({do: 'create', path});
  }

  async snapshot(source: string, path: string): Promise<void> {
    await this.#run({do: 'snapshot', source, path});
  }

  /** Deletes a snapshot's directory: its subvolume at once if no other is below it, else file by file. */
  async remove(directory: string): Promise<void> {
    // It fails where there is none, or a container has made subvolumes in it: emptied ones are removed as directories
    // are, and what is truly wrong with the file system is told by that.
    await this.#run({do: 'destroy', path: join(directory, subvolumeName)}).catch(() => {});
    await rm(directory, {recursive: true, force: true, maxRetries: 3});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#workers[Symbol.asyncDispose]();
  }

  async #run(job: SubvolumeJob): Promise<void> {
    await this.#workers.run(job, {signal: this.#signal});
  }
}
