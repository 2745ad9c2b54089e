import type {Mount} from '../../core/snapshots/snapshotter.ts';

/** What `mount.worker.ts` is asked for. */
export type MountJob =
  | {readonly do: 'mount'; readonly mount: Mount; readonly place: string}
  | {readonly do: 'attach'; readonly mount: Mount; readonly place: string}
  | {readonly do: 'unmount'; readonly places: readonly string[]};
