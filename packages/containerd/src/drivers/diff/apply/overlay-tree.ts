import {constants, copyFileSync} from 'node:fs';
import {
  AT_FDCWD,
  closeFd,
  type FileStatus,
  fstatAtIfExists,
  mkdirAt,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_PATH,
  O_WRONLY,
  openAt,
  readlinkAt,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  unlinkAt,
} from '@longshore/linux';
import {tarError} from '@longshore/oci';
import {
  DirectoryCache,
  type DirectoryFd,
  openDirectoryInRoot,
  openDirectoryStrictly,
  procPath,
} from './directory-view.ts';
import {bytesOf, showName} from './entry-path.ts';
import type {LayerTree} from './layer-tree.ts';
import {LowerView} from './lower-view.ts';
import {
  copyAttributes,
  isWhiteout,
  makeWhiteout,
  OpaqueMark,
  removeWhiteouts,
  withChild,
} from './overlay-attributes.ts';
import {PathWalk} from './path-walk.ts';
import {removeTree} from './remove-tree.ts';

const cacheSize = 64;

/**
 * The upper directory of an overlay that is not mounted. It shows what the mounted overlay would: directories of lower
 * layers come up with their attributes when something is put into them, links of lower layers are followed, and what
 * is removed becomes a whiteout.
 */
export class OverlayTree implements LayerTree {
  readonly root: DirectoryFd;
  readonly #lower: LowerView;
  readonly #opaque: OpaqueMark;
  readonly #cache = new DirectoryCache(cacheSize);
  readonly #inherited = new Map<string, bigint>();

  constructor(upper: string, lower: readonly string[], attributePrefix: 'trusted.' | 'user.') {
    this.root = openAt(AT_FDCWD, upper, O_PATH | O_DIRECTORY);
    this.#lower = new LowerView(lower);
    this.#opaque = new OpaqueMark(attributePrefix);
  }

  directory(components: readonly string[]): DirectoryFd {
    if (components.length === 0) return this.root;
    const key = components.join('/');
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    // What is found in the upper directory, component by component, is what the overlay shows.
    const fd = openDirectoryInRoot(this.root, components) ?? this.#make(components);
    this.#cache.set(key, fd);
    return fd;
  }

  makeDirectory(parent: DirectoryFd, name: string): void {
    const status = fstatAtIfExists(parent, bytesOf(name));
    if (status && (status.mode & S_IFMT) === S_IFDIR) return;
    if (status) this.clear(parent, name);
    mkdirAt(parent, bytesOf(name), 0o755);
    if (status && isWhiteout(status)) withChild(parent, name, directory => this.#opaque.set(directory));
  }

  clear(parent: DirectoryFd, name: string): void {
    if (removeTree(parent, name)) this.#cache.clear();
  }

  copyUp(components: readonly string[]): boolean {
    const {path, hidden} = this.#resolve(components.slice(0, -1));
    const name = components.at(-1) as string;
    const found = hidden ? undefined : this.#lower.lookup([...path, name]);
    if (!found) return false;
    try {
      if ((found.status.mode & S_IFMT) !== S_IFREG) return false;
      const parent = this.directory(components.slice(0, -1));
      closeFd(openAt(parent, bytesOf(name), O_CREAT | O_EXCL | O_WRONLY, 0o600));
      copyFileSync(procPath(found.parent, name), procPath(parent, name), constants.COPYFILE_FICLONE);
      copyAttributes(found.parent, name, parent, name);
      return true;
    } finally {
      found.close();
    }
  }

  unpacked(): void {
    // the upper directory holds nothing but this layer
  }

  whiteout(components: readonly string[]): void {
    const name = components.at(-1) as string;
    const {path, hidden} = this.#resolve(components.slice(0, -1));
    const parent = this.directory(path);
    const status = fstatAtIfExists(parent, bytesOf(name));
    // What is here is of this layer and stays; only what lies below it goes.
    if (status && (status.mode & S_IFMT) === S_IFDIR) withChild(parent, name, directory => this.#hideLower(directory));
    if (status || hidden) return;
    const found = this.#lower.lookup([...path, name]);
    if (!found) return; // in a directory that is not merged, a whiteout would be listed
    found.close();
    makeWhiteout(parent, name);
  }

  opaque(components: readonly string[]): void {
    this.#hideLower(this.directory(components));
  }

  inheritedTimes(): Iterable<[string, bigint]> {
    return this.#inherited;
  }

  release(): void {
    this.#cache.release();
  }

  [Symbol.dispose](): void {
    this.#cache[Symbol.dispose]();
    this.#lower[Symbol.dispose]();
    closeFd(this.root);
  }

  /** Marks a directory, which is not merged from then on: whiteouts in it have done their work. */
  #hideLower(directory: DirectoryFd): void {
    this.#opaque.set(directory);
    removeWhiteouts(directory);
  }

  #make(components: readonly string[]): DirectoryFd {
    const {path} = this.#resolve(components);
    const fd = openDirectoryStrictly(this.root, path);
    if (fd === undefined) throw tarError(`${showName(components)} is not a directory`);
    return fd;
  }

  /** Walks to a directory as the overlay would, bringing it up. Returns its path without links. */
  #resolve(components: readonly string[]): {path: string[]; hidden: boolean} {
    const walk = new PathWalk(components);
    for (let name = walk.next(); name !== undefined; name = walk.next()) this.#enter(walk, name);
    return {path: walk.path, hidden: walk.isHidden};
  }

  #enter(walk: PathWalk, name: string): void {
    const parent = openDirectoryStrictly(this.root, walk.path);
    if (parent === undefined) throw tarError(`${showName(walk.path)} is not a directory`);
    try {
      const status = fstatAtIfExists(parent, bytesOf(name));
      const type = status && status.mode & S_IFMT;
      if (!status) this.#enterLower(walk, parent, name);
      else if (type === S_IFLNK) walk.follow(readlinkAt(parent, bytesOf(name)));
      else if (isWhiteout(status)) this.#enterInPlaceOf(walk, parent, name);
      else if (type !== S_IFDIR) throw tarError(`${showName([...walk.path, name])} is not a directory`);
      else
        walk.descend(
          name,
          withChild(parent, name, directory => this.#opaque.isSet(directory)),
        );
    } finally {
      closeFd(parent);
    }
  }

  /** Makes a directory where a whiteout is: nothing of lower layers may show in it. */
  #enterInPlaceOf(walk: PathWalk, parent: DirectoryFd, name: string): void {
    unlinkAt(parent, bytesOf(name));
    mkdirAt(parent, bytesOf(name), 0o755);
    withChild(parent, name, directory => this.#opaque.set(directory));
    walk.descend(name, true);
  }

  #enterLower(walk: PathWalk, parent: DirectoryFd, name: string): void {
    const found = walk.isHidden ? undefined : this.#lower.lookup([...walk.path, name]);
    try {
      const type = found && found.status.mode & S_IFMT;
      if (found && type === S_IFLNK) {
        walk.follow(readlinkAt(found.parent, bytesOf(name)));
        return;
      }
      if (found && type !== S_IFDIR) throw tarError(`${showName([...walk.path, name])} is not a directory`);
      mkdirAt(parent, bytesOf(name), 0o755);
      if (found) this.#inherit(walk, found, parent, name);
      walk.descend(name);
    } finally {
      found?.close();
    }
  }

  #inherit(walk: PathWalk, found: {parent: DirectoryFd; status: FileStatus}, parent: DirectoryFd, name: string): void {
    copyAttributes(found.parent, name, parent, name);
    this.#inherited.set([...walk.path, name].join('/'), found.status.mtimeNs);
  }
}
