/** What leads from one tree to another: both are walked side by side, in the order of names. */
import {
  closeFd,
  type FileStatus,
  fstatAt,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  openAt,
  readDirectory,
  S_IFDIR,
  S_IFMT,
  S_IFSOCK,
} from '@longshore/linux';
import type {DirectoryFd} from '../apply/directory-view.ts';
import {bytesOf} from '../apply/entry-path.ts';
import {isSameFile} from './same-file.ts';

export interface TreeEntry {
  /** The directory that holds it, open while the change is looked at. */
  parent: DirectoryFd;
  /** Binary string. */
  name: string;
  status: FileStatus;
}

export type Change =
  | {kind: 'added' | 'modified' | 'unmodified'; path: string[]; entry: TreeEntry}
  | {kind: 'removed'; path: string[]};

/** `left` undefined is an empty tree. The roots themselves are not compared. */
export function* changes(
  left: DirectoryFd | undefined,
  right: DirectoryFd,
  path: string[] = [],
): Generator<Change, void, void> {
  const before = new Set(left === undefined ? [] : names(left));
  const after = names(right);
  const all = new Set([...before, ...after]);
  const present = new Set(after);
  for (const name of [...all].sort()) {
    const inner = [...path, name];
    if (!present.has(name)) yield {kind: 'removed', path: inner};
    else yield* entryChanges(before.has(name) ? left : undefined, right, inner);
  }
}

function* entryChanges(left: DirectoryFd | undefined, right: DirectoryFd, path: string[]): Generator<Change> {
  const name = path.at(-1) as string;
  const entry: TreeEntry = {parent: right, name, status: fstatAt(right, bytesOf(name))};
  if (typeOf(entry.status) === S_IFSOCK) return; // no archive holds one
  const old = left === undefined ? undefined : {parent: left, name, status: fstatAt(left, bytesOf(name))};
  const kind = old === undefined ? 'added' : isSameFile(old, entry) ? 'unmodified' : 'modified';
  yield {kind, path, entry};
  if (typeOf(entry.status) !== S_IFDIR) return;
  const oldDirectory = old && typeOf(old.status) === S_IFDIR ? openDirectory(old) : undefined;
  try {
    const directory = openDirectory(entry);
    try {
      yield* changes(oldDirectory, directory, path);
    } finally {
      closeFd(directory);
    }
  } finally {
    if (oldDirectory !== undefined) closeFd(oldDirectory);
  }
}

function openDirectory({parent, name}: TreeEntry): DirectoryFd {
  return openAt(parent, bytesOf(name), O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

function names(directory: DirectoryFd): string[] {
  return readDirectory(directory).map(entry => entry.rawName.toString('latin1'));
}

export function typeOf(status: FileStatus): number {
  return status.mode & S_IFMT;
}
