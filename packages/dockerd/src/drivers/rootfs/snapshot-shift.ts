/**
 * Snapshots of containers with `--userns-remap`. The kernel shifts owners when a snapshot is mounted: on the disk layers,
 * the container's own among them, have the container's ids, and differences and commits need not know of the remapping.
 */
import {chmod, chown, mkdir, mkdtemp, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {EngineError, messageOf} from '@longshore/errdefs';
import {closeFd, type MountSpec, mountAll, mountShifted, openUserNamespace, unmountAll} from '@longshore/linux';
import {type IdRange, idMapOf, type Remapping} from '../../core/users/remapping.ts';

/** The machine's root writes too: overlayfs makes its marks of deletion with that owner, who is nobody of an image. */
const ownerOfMarks = 4_294_967_294;

/** Snapshotters whose snapshots are overlays or plain directories. */
const shiftable = ['overlayfs', 'native'];

export interface SnapshotShift extends Disposable {
  /** Descriptor of a user namespace with the ids. */
  readonly namespace: number;
  readonly remapping: Remapping;
}

/** Throws `failed-precondition` where the kernel cannot shift the owners of an overlay below `directory`. */
export async function openSnapshotShift(
  remapping: Remapping,
  snapshotter: string,
  directory: string,
): Promise<SnapshotShift> {
  if (!shiftable.includes(snapshotter)) {
    const why = `user namespaces are not supported with snapshotter ${snapshotter}, only with ${shiftable.join(' and ')}`;
    throw new EngineError('failed-precondition', why);
  }
  const namespace = openUserNamespace({uidmap: mapOf(remapping.uids), gidmap: mapOf(remapping.gids)});
  try {
    if (snapshotter === 'overlayfs') await tryOverlay(namespace, directory);
  } catch (error) {
    closeFd(namespace);
    const why = `user namespaces need overlays with mapped ids (Linux 5.19), which "${directory}" cannot have: ${messageOf(error)}`;
    throw new EngineError('failed-precondition', why, {cause: error});
  }
  return {namespace, remapping, [Symbol.dispose]: () => closeFd(namespace)};
}

export function mountSnapshot(mounts: readonly MountSpec[], target: string, shift: SnapshotShift | undefined): void {
  if (shift) mountShifted(mounts, target, shift.namespace);
  else mountAll(mounts, target);
}

/** A directory that remapped containers pass through on the way to their files. */
export async function makePassage(path: string, shift: SnapshotShift | undefined): Promise<void> {
  const made = await mkdir(path, {recursive: true, mode: 0o710});
  if (made === undefined || !shift) return;
  await chmod(path, 0o710);
  await chown(path, -1, shift.remapping.root.gid);
}

function mapOf(ranges: readonly IdRange[]): string {
  return `${idMapOf(ranges)},${ownerOfMarks}:0:1`;
}

async function tryOverlay(namespace: number, directory: string): Promise<void> {
  const probe = await mkdtemp(join(directory, 'shift-'));
  const [merged = '', lower, upper, work] = ['merged', 'lower', 'upper', 'work'].map(name => join(probe, name));
  try {
    for (const path of [merged, lower, upper, work]) await mkdir(path as string);
    const options = [`lowerdir=${lower}`, `upperdir=${upper}`, `workdir=${work}`];
    mountShifted([{type: 'overlay', source: 'overlay', options}], merged, namespace);
    unmountAll(merged);
  } finally {
    await rm(probe, {recursive: true, force: true});
  }
}
