/** Users by name, looked up in the container's own files. */
import {closeSync, mkdtempSync, readSync, rmdirSync} from 'node:fs';
import {join} from 'node:path';
import type {Mount} from '@longshore/api/gen/containerd/types/mount';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {MNT_DETACH, mountAll, O_RDONLY, openInRoot, umount} from '@longshore/linux';

/** More than this is no passwd file. */
const sizeLimit = 1 << 20;

export interface User {
  uid: number;
  gid: number;
  /** The primary one, too, as in the original: otherwise a process could leave it. */
  additionalGids: number[];
}

/**
 * `user[:group]`, names or numbers. `root` gives the container's file system to look them up in: mounts, which are put
 * on a temporary directory meanwhile, or a directory.
 */
export function resolveUser(word: string, root: Mount[] | string): User {
  const [user = '', group] = word.split(':');
  if (isNumber(user) && group !== undefined && isNumber(group)) return withGroups(Number(user), Number(group), []);
  return withRoot(root, dir => {
    const passwd = entriesOf(dir, 'etc/passwd').find(([name, , uid]) => name === user || uid === user);
    if (!passwd && !isNumber(user))
      throw new EngineError('not-found', `no users found: no entry for "${user}" in /etc/passwd`);
    const uid = Number(passwd?.[2] ?? user);
    // Who asks for one group gets no others.
    if (group !== undefined) return withGroups(uid, groupId(dir, group), []);
    return withGroups(uid, Number(passwd?.[3] ?? 0), groupsOf(dir, passwd?.[0]));
  });
}

function isNumber(word: string): boolean {
  return /^\d+$/.test(word);
}

function withGroups(uid: number, gid: number, others: number[]): User {
  return {uid, gid, additionalGids: [...new Set([gid, ...others])]};
}

/** Groups that list the user as a member. */
function groupsOf(dir: string, user: string | undefined): number[] {
  const entries = entriesOf(dir, 'etc/group');
  return entries
    .filter(([name, , , members]) => name !== user && members?.split(',').includes(user ?? ''))
    .map(([, , gid]) => Number(gid));
}

function groupId(dir: string, group: string): number {
  if (isNumber(group)) return Number(group);
  const entry = entriesOf(dir, 'etc/group').find(([name]) => name === group);
  if (!entry) throw new EngineError('not-found', `no groups found: no entry for "${group}" in /etc/group`);
  return Number(entry[2]);
}

function withRoot<T>(root: Mount[] | string, read: (dir: string) => T): T {
  if (typeof root === 'string') return read(root);
  const dir = mkdtempSync(join('/tmp', 'ctr-root-'));
  try {
    mountAll(root, dir);
    try {
      return read(dir);
    } finally {
      umount(dir, MNT_DETACH);
    }
  } finally {
    rmdirSync(dir);
  }
}

/** Lines of a colon-separated file inside the root, which the image controls: resolved there, of limited size. */
function entriesOf(dir: string, file: string): string[][] {
  let fd: number;
  try {
    fd = openInRoot(dir, file, O_RDONLY);
  } catch (error) {
    if (isErrorCode(error, 'not-found')) return [];
    throw error;
  }
  try {
    const buffer = Buffer.alloc(sizeLimit);
    const length = readSync(fd, buffer, 0, sizeLimit, 0);
    return buffer
      .toString('utf8', 0, length)
      .split('\n')
      .map(line => line.split(':'));
  } finally {
    closeSync(fd);
  }
}
