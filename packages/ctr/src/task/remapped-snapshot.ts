/** A snapshot whose files belong to the ids of a user namespace, for snapshotters that cannot shift ids themselves. */
import {chmod, lchown, lstat, mkdtemp, readdir, rmdir} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Mount} from '@longshore/api/gen/containerd/types/mount';
import type {CallContext} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import {isErrorCode} from '@longshore/errdefs';
import {getXattr, MNT_DETACH, mountAll, setXattr, umount} from '@longshore/linux';
import {hostId, type IdMappings, mappingText} from '../spec/user-namespace.ts';
import {cleanupContext} from './attached.ts';

/** For snapshotters that shift ids while they mount. */
export function mappingLabels({users, groups}: IdMappings): Record<string, string> {
  return {
    'containerd.io/snapshot/uidmapping': mappingText(users),
    'containerd.io/snapshot/gidmapping': mappingText(groups),
  };
}

export interface Remapping {
  snapshotter: string;
  parent: string;
  mappings: IdMappings;
}

/** Name of a committed copy of `parent` whose files belong to the mapped ids; made at its first use. */
export async function remapSnapshot(ctx: CallContext, client: ContainerdClient, remapping: Remapping): Promise<string> {
  const {snapshotter, parent, mappings} = remapping;
  const name = `${parent}-${remappedName(mappings)}`;
  if (await exists(ctx, client, snapshotter, name)) return name;
  const key = `${name}-remap`;
  const {mounts} = await client.snapshots.prepare(ctx, {snapshotter, key, parent});
  try {
    await withMounts(mounts, dir => shiftOwners(dir, mappings));
    await client.snapshots.commit(ctx, {snapshotter, name, key});
    return name;
  } catch (error) {
    await client.snapshots.remove(cleanupContext(ctx), {snapshotter, key}).catch(() => {});
    throw error;
  }
}

/** As the original names it: by what the first id of each kind becomes, where there is one range from 0. */
function remappedName({users, groups}: IdMappings): string {
  const [user] = users;
  const [group] = groups;
  const simple = users.length === 1 && groups.length === 1 && user?.containerID === 0 && group?.containerID === 0;
  return simple ? `${user.hostID}-${group.hostID}` : `${mappingText(users)}-${mappingText(groups)}`;
}

async function exists(ctx: CallContext, client: ContainerdClient, snapshotter: string, key: string): Promise<boolean> {
  try {
    await client.snapshots.stat(ctx, {snapshotter, key});
    return true;
  } catch (error) {
    if (isErrorCode(error, 'not-found')) return false;
    throw error;
  }
}

async function withMounts(mounts: Mount[], use: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'ctr-remap-'));
  try {
    mountAll(mounts, dir);
    try {
      await use(dir);
    } finally {
      umount(dir, MNT_DETACH);
    }
  } finally {
    await rmdir(dir);
  }
}

async function shiftOwners(path: string, mappings: IdMappings): Promise<void> {
  const {uid, gid, mode} = await lstat(path);
  const isLink = (mode & 0o170000) === 0o120000;
  // A change of owner takes set-user-id bits and capabilities away.
  const capability = isLink ? undefined : getXattr(path, 'security.capability');
  await lchown(path, hostId(mappings.users, uid), hostId(mappings.groups, gid));
  if (!isLink && (mode & 0o6000) !== 0) await chmod(path, mode & 0o7777);
  if (capability) setXattr(path, 'security.capability', capability);
  if ((mode & 0o170000) !== 0o040000) return;
  for (const entry of await readdir(path)) await shiftOwners(join(path, entry), mappings);
}
