/** What the mount manager keeps of an activation, and the port to where the mounts are made. */
import type {Labels} from '../names.ts';
import type {Mount} from '../snapshots/snapshotter.ts';
import type {Timestamp} from '../time.ts';
import type {WantedFileSystem} from './file-system.ts';

/** A mount that the manager has made. */
export interface ActiveMount {
  readonly mount: Mount;
  readonly mountedAt: Timestamp;
  readonly mountPoint: string;
}

export interface ActivationRecord {
  readonly name: string;
  /** Names the directory of its mount points; never used twice. */
  readonly id: number;
  readonly labels: Labels;
  readonly active: readonly ActiveMount[];
  /** What is left for the client or its runtime to mount. */
  readonly system: readonly Mount[];
  /** False while it is being made: what a killed process left of it is taken apart. */
  readonly isComplete: boolean;
}

/** Directories of mount points, one per activation, and what is mounted there. */
export interface MountPlaces extends AsyncDisposable {
  /** Where mount number `index` of an activation goes. */
  path(id: number, index: number): string;
  /**
   * Makes the directory and mounts there; a mount with a target goes below what is there already. A loop device becomes
   * a link to it, and stays until `remove`.
   */
  mount(id: number, index: number, mount: Mount): Promise<void>;
  /** Makes a directory (with `mode`, and owner if given) that has to be below the daemon's own directories. */
  makeDirectory(path: string, mode: number, owner: {uid: number; gid: number} | undefined): Promise<void>;
  /** Makes the file with a file system, unless it is there; it has to be below the daemon's own directories too. */
  makeFileSystem(wanted: WantedFileSystem, signal: AbortSignal): Promise<void>;
  /** Whether what `mount` made there is still there: a mount point, or the link to its loop device. */
  isMounted(path: string): boolean;
  /** Unmounts everything of an activation, the last first, and removes its directory. */
  remove(id: number): Promise<void>;
  /** Ids that have a directory. */
  list(): Promise<number[]>;
}
