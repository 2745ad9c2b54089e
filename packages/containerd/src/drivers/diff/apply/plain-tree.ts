import {
  AT_FDCWD,
  closeFd,
  fstatAtIfExists,
  mkdirAt,
  O_DIRECTORY,
  O_PATH,
  openAt,
  readlinkAt,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
} from '@longshore/linux';
import {tarError} from '@longshore/oci';
import {DirectoryCache, type DirectoryFd, openDirectoryInRoot, openDirectoryStrictly} from './directory-view.ts';
import {bytesOf, showName} from './entry-path.ts';
import type {LayerTree} from './layer-tree.ts';
import {PathWalk} from './path-walk.ts';
import {childNames, removeTree} from './remove-tree.ts';

const cacheSize = 64;

/** A directory with the content of all lower layers in it: whiteouts delete, except what this layer itself brought. */
export class PlainTree implements LayerTree {
  readonly root: DirectoryFd;
  readonly #cache = new DirectoryCache(cacheSize);
  readonly #unpacked = new Set<string>();

  /** A path, or a descriptor that now belongs to the tree. */
  constructor(root: string | DirectoryFd) {
    this.root = typeof root === 'string' ? openAt(AT_FDCWD, root, O_PATH | O_DIRECTORY) : root;
  }

  directory(components: readonly string[]): DirectoryFd {
    if (components.length === 0) return this.root;
    const key = components.join('/');
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const fd = openDirectoryInRoot(this.root, components) ?? this.#make(components);
    this.#cache.set(key, fd);
    return fd;
  }

  makeDirectory(parent: DirectoryFd, name: string): void {
    const status = fstatAtIfExists(parent, bytesOf(name));
    if (status && (status.mode & S_IFMT) === S_IFDIR) return;
    if (status) this.clear(parent, name);
    mkdirAt(parent, bytesOf(name), 0o755);
  }

  clear(parent: DirectoryFd, name: string): void {
    if (removeTree(parent, name)) this.#cache.clear();
  }

  copyUp(): boolean {
    return false; // everything of the lower layers is here already
  }

  unpacked(components: readonly string[]): void {
    for (let length = components.length; length > 0; length--) {
      const path = components.slice(0, length).join('/');
      if (this.#unpacked.has(path)) return;
      this.#unpacked.add(path);
    }
  }

  whiteout(components: readonly string[]): void {
    if (this.#unpacked.has(components.join('/'))) this.#removeOld(components);
    else this.clear(this.directory(components.slice(0, -1)), components.at(-1) as string);
  }

  opaque(components: readonly string[]): void {
    this.#removeOld(components);
  }

  *inheritedTimes(): Generator<[string, bigint]> {}

  release(): void {
    this.#cache.release();
  }

  [Symbol.dispose](): void {
    this.#cache[Symbol.dispose]();
    closeFd(this.root);
  }

  /** Removes what a directory holds of lower layers; what is not a directory came with this layer and stays. */
  #removeOld(components: readonly string[]): void {
    const directory = openDirectoryInRoot(this.root, components);
    if (directory === undefined) return;
    try {
      for (const name of childNames(directory)) {
        const path = [...components, name];
        if (this.#unpacked.has(path.join('/'))) this.#removeOld(path);
        else this.clear(directory, name);
      }
    } finally {
      closeFd(directory);
    }
  }

  /** The way has something missing on it, or a link that leads to something missing. */
  #make(components: readonly string[]): DirectoryFd {
    const walk = new PathWalk(components);
    for (let name = walk.next(); name !== undefined; name = walk.next()) this.#enter(walk, name);
    const fd = openDirectoryStrictly(this.root, walk.path);
    if (fd === undefined) throw tarError(`${showName(components)} is not a directory`);
    return fd;
  }

  #enter(walk: PathWalk, name: string): void {
    const parent = openDirectoryStrictly(this.root, walk.path);
    if (parent === undefined) throw tarError(`${showName(walk.path)} is not a directory`);
    try {
      const status = fstatAtIfExists(parent, bytesOf(name));
      const type = status && status.mode & S_IFMT;
      if (type === S_IFLNK) {
        walk.follow(readlinkAt(parent, bytesOf(name)));
        return;
      }
      if (type === undefined) mkdirAt(parent, bytesOf(name), 0o755);
      else if (type !== S_IFDIR) throw tarError(`${showName([...walk.path, name])} is not a directory`);
      walk.descend(name);
    } finally {
      closeFd(parent);
    }
  }
}
