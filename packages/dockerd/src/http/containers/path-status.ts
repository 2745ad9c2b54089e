/** The header in which Docker tells what is at a path of a container. */
import {S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFSOCK} from '@longshore/linux';
import type {PathStatus} from '../../core/ports/container-tree.ts';
import {formatNano} from '../../core/time.ts';

export const pathStatusHeader = 'X-Docker-Container-Path-Stat';

/** Bits of Go's os.FileMode. */
const goTypes: ReadonlyMap<number, number> = new Map([
  [S_IFDIR, 2 ** 31],
  [S_IFLNK, 2 ** 27],
  [S_IFBLK, 2 ** 26],
  [S_IFIFO, 2 ** 25],
  [S_IFSOCK, 2 ** 24],
  [S_IFCHR, 2 ** 26 + 2 ** 21],
]);
const goSetuid = 2 ** 23;
const goSetgid = 2 ** 22;
const goSticky = 2 ** 20;

/** A mode of stat(2) as Go numbers it. */
export function goFileMode(mode: number): number {
  const special = (mode & 0o4000 ? goSetuid : 0) + (mode & 0o2000 ? goSetgid : 0) + (mode & 0o1000 ? goSticky : 0);
  return (goTypes.get(mode & S_IFMT) ?? 0) + special + (mode & 0o777);
}

export function encodePathStatus({name, size, mode, mtime, linkTarget}: PathStatus): string {
  const document = {name, size, mode: goFileMode(mode), mtime: formatNano(mtime), linkTarget};
  return Buffer.from(JSON.stringify(document)).toString('base64');
}
