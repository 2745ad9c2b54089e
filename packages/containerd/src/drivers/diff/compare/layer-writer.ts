/** Turns changes into the members of a layer. */
import {readSync} from 'node:fs';
import {
  closeFd,
  fstatAt,
  major,
  minor,
  O_NOFOLLOW,
  O_RDONLY,
  openAt,
  readlinkAt,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
} from '@longshore/linux';
import {type TarEntry, type TarEntryType, tarEnd, tarEntry, tarHeader, tarPadding, whiteoutName} from '@longshore/oci';
import type {DirectoryFd} from '../apply/directory-view.ts';
import {bytesOf} from '../apply/entry-path.ts';
import {type Change, changes, type TreeEntry, typeOf} from './changes.ts';
import {layerAttributes} from './layer-attributes.ts';

export interface LayerOptions {
  /** Nanoseconds that no time exceeds. */
  latest: bigint | undefined;
  whiteoutTime: bigint;
}

const types: Readonly<Record<number, TarEntryType>> = {
  [S_IFDIR]: 'directory',
  [S_IFLNK]: 'symlink',
  [S_IFCHR]: 'character',
  [S_IFBLK]: 'block',
  [S_IFIFO]: 'fifo',
};
const readBytes = 256 << 10;

export class LayerWriter {
  readonly #right: DirectoryFd;
  readonly #options: LayerOptions;
  /** Directories that have a member already. */
  readonly #directories = new Set<string>();
  /** Names of one inode: the member that holds its data, or those that the layer does not need so far. */
  readonly #links = new Map<string, {member?: string; others: string[][]}>();

  constructor(right: DirectoryFd, options: LayerOptions) {
    this.#right = right;
    this.#options = options;
  }

  /** The tar, in pieces that are valid until the next one is asked for. */
  *write(left: DirectoryFd | undefined): Generator<Buffer, void, void> {
    for (const change of changes(left, this.#right)) yield* this.#change(change);
    yield tarEnd();
  }

  *#change(change: Change): Generator<Buffer> {
    if (change.kind === 'removed') {
      yield* this.#parents(change.path);
      const name = [...change.path.slice(0, -1), whiteoutName(change.path.at(-1) as string)];
      yield tarHeader(tarEntry('file', memberName(name), {mode: 0, mtime: this.#options.whiteoutTime}));
    } else if (change.kind !== 'unmodified') yield* this.#member(change.path, change.entry);
    else if (isLinked(change.entry)) yield* this.#unmodifiedLink(change.path, change.entry);
  }

  *#member(path: string[], entry: TreeEntry): Generator<Buffer> {
    yield* this.#parents(path);
    const type = types[typeOf(entry.status)] ?? 'file';
    if (type === 'directory') yield* this.#directory(path, entry);
    else if (isLinked(entry)) yield* this.#linked(path, entry, type);
    else yield* this.#data(path, entry, type);
  }

  *#directory(path: string[], entry: TreeEntry): Generator<Buffer> {
    const key = path.join('/');
    if (this.#directories.has(key)) return;
    this.#directories.add(key);
    yield tarHeader(this.#entry('directory', path, entry));
  }

  /** Readers make missing directories with attributes of their choice: every parent gets a member. */
  *#parents(path: string[]): Generator<Buffer> {
    for (let length = 1; length < path.length; length++) {
      const parent = path.slice(0, length);
      if (this.#directories.has(parent.join('/'))) continue;
      const name = bytesOf(parent.join('/'));
      // The walk is inside of it, so none of these is a link.
      const entry = {parent: this.#right, name: name.toString('latin1'), status: fstatAt(this.#right, name)};
      yield* this.#directory(parent, entry);
    }
  }

  *#linked(path: string[], entry: TreeEntry, type: TarEntryType): Generator<Buffer> {
    const names = this.#namesOf(entry);
    if (names.member !== undefined) {
      yield this.#link(path, entry, names.member);
      return;
    }
    names.member = path.join('/');
    yield* this.#data(path, entry, type);
    for (const other of names.others) {
      yield* this.#parents(other);
      yield this.#link(other, entry, names.member);
    }
    names.others = [];
  }

  /** Unchanged itself; but when another name of it is in the layer, both must stay one file. */
  *#unmodifiedLink(path: string[], entry: TreeEntry): Generator<Buffer> {
    const names = this.#namesOf(entry);
    if (names.member === undefined) {
      names.others.push(path);
      return;
    }
    yield* this.#parents(path);
    yield this.#link(path, entry, names.member);
  }

  #namesOf({status}: TreeEntry): {member?: string; others: string[][]} {
    const inode = `${status.dev}:${status.ino}`;
    const names = this.#links.get(inode) ?? {others: []};
    this.#links.set(inode, names);
    return names;
  }

  #link(path: string[], entry: TreeEntry, member: string): Buffer {
    const link = this.#entry('link', path, entry);
    return tarHeader({...link, linkName: bytesOf(member), xattrs: new Map()});
  }

  *#data(path: string[], entry: TreeEntry, type: TarEntryType): Generator<Buffer> {
    const member = this.#entry(type, path, entry);
    yield tarHeader(member);
    if (type !== 'file' || member.size === 0) return;
    yield* fileData(entry, member.size);
    yield tarPadding(member.size);
  }

  #entry(type: TarEntryType, path: string[], entry: TreeEntry): TarEntry {
    const {status, parent, name} = entry;
    const isDevice = type === 'character' || type === 'block';
    const {latest} = this.#options;
    return tarEntry(type, type === 'directory' ? memberName([...path, '']) : memberName(path), {
      mode: status.mode & 0o7777,
      uid: status.uid,
      gid: status.gid,
      size: type === 'file' ? Number(status.size) : 0,
      mtime: latest !== undefined && status.mtimeNs > latest ? latest : status.mtimeNs,
      devMajor: isDevice ? major(status.rdev) : 0,
      devMinor: isDevice ? minor(status.rdev) : 0,
      ...(type === 'symlink' ? {linkName: readlinkAt(parent, bytesOf(name))} : {}),
      xattrs: layerAttributes(entry),
    });
  }
}

/** Exactly `size` bytes: a file that shrinks or grows meanwhile is filled with zeros or cut off. */
function* fileData({parent, name}: TreeEntry, size: number): Generator<Buffer> {
  const fd = openAt(parent, bytesOf(name), O_RDONLY | O_NOFOLLOW);
  const buffer = Buffer.allocUnsafeSlow(Math.min(readBytes, size));
  try {
    for (let position = 0; position < size; ) {
      const wanted = Math.min(buffer.length, size - position);
      const count = readSync(fd, buffer, 0, wanted, position);
      if (count === 0) buffer.fill(0, 0, wanted);
      const length = count || wanted;
      yield buffer.subarray(0, length);
      position += length;
    }
  } finally {
    closeFd(fd);
  }
}

function isLinked({status}: TreeEntry): boolean {
  return status.nlink > 1 && typeOf(status) !== S_IFDIR;
}

function memberName(path: string[]): Buffer {
  return bytesOf(path.join('/'));
}
