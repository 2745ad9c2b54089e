import {readSync} from 'node:fs';
import {closeFd, O_NOFOLLOW, O_RDONLY, openAt, readlinkAt, S_IFDIR, S_IFLNK, S_IFREG} from '@longshore/linux';
import {bytesOf} from '../apply/entry-path.ts';
import {type TreeEntry, typeOf} from './changes.ts';
import {layerAttributes, sameAttributes} from './layer-attributes.ts';

const second = 1_000_000_000n;
const compareBytes = 1 << 20;

/** True when a layer would say the same about both. */
export function isSameFile(a: TreeEntry, b: TreeEntry): boolean {
  const [x, y] = [a.status, b.status];
  if (x.mode !== y.mode || x.uid !== y.uid || x.gid !== y.gid || x.rdev !== y.rdev) return false;
  const type = typeOf(x);
  if (type === S_IFDIR) return sameAttributes(layerAttributes(a), layerAttributes(b));
  if (x.size !== y.size || x.mtimeNs !== y.mtimeNs) return false;
  // Two overlays that share a lower layer show the very same inode of it; anything done to a file changes its ctime.
  if (x.ino === y.ino && x.ctimeNs === y.ctimeNs && x.nlink === y.nlink) return true;
  if (!sameAttributes(layerAttributes(a), layerAttributes(b))) return false;
  if (type === S_IFLNK) return readlinkAt(a.parent, bytesOf(a.name)).equals(readlinkAt(b.parent, bytesOf(b.name)));
  // Whole seconds come from archives and say little: a file may have changed under the same time.
  return type !== S_IFREG || x.mtimeNs % second !== 0n || sameContent(a, b);
}

function sameContent(a: TreeEntry, b: TreeEntry): boolean {
  const left = openAt(a.parent, bytesOf(a.name), O_RDONLY | O_NOFOLLOW);
  try {
    const right = openAt(b.parent, bytesOf(b.name), O_RDONLY | O_NOFOLLOW);
    try {
      return sameBytes(left, right);
    } finally {
      closeFd(right);
    }
  } finally {
    closeFd(left);
  }
}

function sameBytes(left: number, right: number): boolean {
  const [x, y] = [Buffer.allocUnsafeSlow(compareBytes), Buffer.allocUnsafeSlow(compareBytes)];
  for (let position = 0; ; ) {
    const a = readSync(left, x, 0, compareBytes, position);
    const b = readSync(right, y, 0, compareBytes, position);
    if (a !== b || !x.subarray(0, a).equals(y.subarray(0, b))) return false;
    if (a === 0) return true;
    position += a;
  }
}
