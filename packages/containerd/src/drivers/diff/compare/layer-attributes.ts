import {getXattr, listXattrs} from '@longshore/linux';
import {procPath} from '../apply/directory-view.ts';
import {isOverlayAttribute} from '../apply/overlay-attributes.ts';
import type {TreeEntry} from './changes.ts';

/** Attributes that travel in layers; labels of this machine's security modules do not. */
function travels(name: string): boolean {
  if (name === 'security.capability' || name.startsWith('system.posix_acl_')) return true;
  return name.startsWith('user.') && !isOverlayAttribute(name);
}

/** Extended attributes of a file as a layer holds them, in the order of their names. */
export function layerAttributes({parent, name}: TreeEntry): Map<string, Buffer> {
  const path = procPath(parent, name);
  const attributes = new Map<string, Buffer>();
  for (const key of listXattrs(path).filter(travels).sort()) {
    const value = getXattr(path, key);
    if (value) attributes.set(key, value);
  }
  return attributes;
}

export function sameAttributes(a: ReadonlyMap<string, Buffer>, b: ReadonlyMap<string, Buffer>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (!b.get(key)?.equals(value)) return false;
  return true;
}
