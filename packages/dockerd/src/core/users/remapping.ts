/** `--userns-remap`: containers' ids are others on the machine. */
import {EngineError} from '@longshore/errdefs';

export interface IdRange {
  containerId: number;
  hostId: number;
  size: number;
}

export interface Owner {
  uid: number;
  gid: number;
}

export interface Remapping {
  /** The name of the user whose subordinate ids are used. */
  user: string;
  uids: readonly IdRange[];
  gids: readonly IdRange[];
  /** Who a container's root is on the machine. */
  root: Owner;
}

/** What a file shows whose owner is nobody of the container. */
const overflowId = 65_534;

/** Throws `invalid-argument` when the ranges have no root. */
export function makeRemapping(user: string, uids: readonly IdRange[], gids: readonly IdRange[]): Remapping {
  return {user, uids, gids, root: {uid: toHostId(uids, 0), gid: toHostId(gids, 0)}};
}

/** Throws Docker's words for an id that the container has not. */
export function toHostId(ranges: readonly IdRange[], id: number): number {
  const range = ranges.find(({containerId, size}) => id >= containerId && id < containerId + size);
  if (range) return range.hostId + id - range.containerId;
  throw new EngineError('invalid-argument', `container ID ${id} cannot be mapped to a host ID`);
}

export function toHostOwner({uids, gids}: Remapping, {uid, gid}: Owner): Owner {
  return {uid: toHostId(uids, uid), gid: toHostId(gids, gid)};
}

/** As the container sees the owner of a file. */
export function toContainerOwner({uids, gids}: Remapping, {uid, gid}: Owner): Owner {
  return {uid: toContainerId(uids, uid), gid: toContainerId(gids, gid)};
}

function toContainerId(ranges: readonly IdRange[], id: number): number {
  const range = ranges.find(({hostId, size}) => id >= hostId && id < hostId + size);
  return range ? range.containerId + id - range.hostId : overflowId;
}

/** `0:100000:65536,…`: as mount options and the kernel's files have it. */
export function idMapOf(ranges: readonly IdRange[]): string {
  return ranges.map(({containerId, hostId, size}) => `${containerId}:${hostId}:${size}`).join(',');
}

/** `100000.100000`: what the directories and namespaces of such a daemon are called by. */
export function remappedName({root}: Remapping): string {
  return `${root.uid}.${root.gid}`;
}
