/** Names by which a layer says that something of the layers below is gone. */

const prefix = '.wh.';
const metaPrefix = '.wh..wh.';
const opaqueName = '.wh..wh..opq';

export type Whiteout =
  /** `name` of the same directory is gone. */
  | {kind: 'removed'; name: string}
  /** Everything that lower layers have in this directory is gone. */
  | {kind: 'opaque'}
  /** Book-keeping of aufs (`.wh..wh.plnk`): means nothing. */
  | {kind: 'ignored'};

/** What the last component of an entry's name means; undefined for a plain file. */
export function parseWhiteout(name: string): Whiteout | undefined {
  if (!name.startsWith(prefix)) return undefined;
  if (name === opaqueName) return {kind: 'opaque'};
  if (name.startsWith(metaPrefix)) return {kind: 'ignored'};
  return {kind: 'removed', name: name.slice(prefix.length)};
}

/** The entry name that removes `name`. */
export function whiteoutName(name: string): string {
  return prefix + name;
}

export const opaqueWhiteoutName: string = opaqueName;
