/** `--user` against the container's own /etc/passwd and /etc/group. */
import type {User} from '@longshore/api/oci';
import {EngineError} from '@longshore/errdefs';

/** Contents of the two files inside the rootfs; empty when there is none. */
export interface UserDatabase {
  passwd: string;
  group: string;
}

type PasswdEntry = {name: string; uid: number; gid: number};
type GroupEntry = {name: string; gid: number; members: string[]};

const maximumId = 2 ** 31 - 1;

/**
 * Numeric ids for `user[:group]`, with the supplementary groups of a user that is found in the files, and those of
 * `--group-add`. Throws Docker's message for names that are not there.
 */
export function resolveUser(spec: string, groupAdd: readonly string[], files: UserDatabase): User {
  const [userPart = '', groupPart] = spec.split(':', 2);
  const groups = parseGroup(files.group);
  const user = findUser(userPart, parsePasswd(files.passwd));
  const gid = groupPart ? findGroup(groupPart, groups) : user.gid;
  const memberships = groupPart ? [] : groups.filter(group => user.name && group.members.includes(user.name));
  const extra = groupAdd.map(name => findGroup(name, groups));
  return {uid: user.uid, gid, additionalGids: [...new Set([gid, ...memberships.map(group => group.gid), ...extra])]};
}

function findUser(wanted: string, entries: PasswdEntry[]): {name: string; uid: number; gid: number} {
  if (wanted === '') return entries.find(entry => entry.uid === 0) ?? {name: '', uid: 0, gid: 0};
  const number = parseId(wanted);
  const entry = entries.find(each => each.name === wanted) ?? entries.find(each => each.uid === number);
  if (entry) return entry;
  if (number === undefined) {
    throw new EngineError('unknown', `unable to find user ${wanted}: no matching entries in passwd file`);
  }
  return {name: '', uid: number, gid: 0};
}

function findGroup(wanted: string, entries: GroupEntry[]): number {
  const number = parseId(wanted);
  const entry = entries.find(each => each.name === wanted);
  if (entry) return entry.gid;
  if (number === undefined) {
    throw new EngineError('unknown', `unable to find group ${wanted}: no matching entries in group file`);
  }
  return number;
}

function parseId(text: string): number | undefined {
  if (!/^-?\d+$/.test(text)) return undefined;
  const id = Number(text);
  if (id < 0 || id > maximumId) {
    throw new EngineError('invalid-argument', `uids and gids must be in range 0-${maximumId}`);
  }
  return id;
}

/** name:password:uid:gid:… — lines that do not fit are skipped, as libc does. */
function parsePasswd(text: string): PasswdEntry[] {
  return lines(text).flatMap(([name = '', , uid = '', gid = '']) =>
    /^\d+$/.test(uid) ? [{name, uid: Number(uid), gid: Number(gid) || 0}] : [],
  );
}

/** name:password:gid:member,member */
function parseGroup(text: string): GroupEntry[] {
  return lines(text).flatMap(([name = '', , gid = '', members = '']) =>
    /^\d+$/.test(gid) ? [{name, gid: Number(gid), members: members.split(',').filter(Boolean)}] : [],
  );
}

function lines(text: string): string[][] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => line.split(':'));
}
