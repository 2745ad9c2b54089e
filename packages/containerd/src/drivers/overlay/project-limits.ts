import {EngineError} from '@longshore/errdefs';
import {limitProject, projectOf, projectQuota, setProject} from '@longshore/linux';

/**
 * Sizes of snapshots, limited by project quotas of their file system. A snapshot's project is that of the directory of all
 * snapshots (an administrator may have given it one; else 0) plus its id.
 */
export class ProjectLimits {
  readonly #root: string;
  readonly #base: number;
  readonly #available: boolean;

  /** `root` is the directory of all snapshots. */
  constructor(root: string) {
    this.#root = root;
    this.#available = projectQuota(root, 1) !== undefined;
    this.#base = this.#available ? projectOf(root) : 0;
  }

  /** All that is made below `directory` from now on counts. Throws failed-precondition where there are no quotas. */
  limit(id: number, directory: string, bytes: bigint): void {
    if (!this.#available) {
      const reason = `a limited size needs a file system with project quotas (xfs or ext4, mounted with prjquota) at "${this.#root}"`;
      throw new EngineError('failed-precondition', `${reason}: failed precondition`);
    }
    setProject(directory, this.#base + id);
    limitProject(this.#root, this.#base + id, bytes);
  }

  /** Ids are never used again; what the file system keeps about a project without files and limit is nothing. */
  forget(id: number): void {
    if (!this.#available) return;
    const quota = projectQuota(this.#root, this.#base + id);
    if (quota && quota.limit > 0n) limitProject(this.#root, this.#base + id, 0n);
  }
}
