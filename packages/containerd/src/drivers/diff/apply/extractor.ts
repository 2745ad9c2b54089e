/** Writes the members of a layer into a tree, one event of the tar parser after the other. */
import {ftruncateSync, writeSync} from 'node:fs';
import {EngineError} from '@longshore/errdefs';
import {
  closeFd,
  inUserNamespace,
  isErrno,
  linkAt,
  makedev,
  mknodAt,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_WRONLY,
  openAt,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
  symlinkAt,
  utimensAt,
} from '@longshore/linux';
import {parseWhiteout, type TarEntry, type TarEvent, tarError, type Whiteout} from '@longshore/oci';
import {type DirectoryFd, openDirectoryInRoot} from './directory-view.ts';
import {EntryAttributes} from './entry-attributes.ts';
import {bytesOf, showName, splitName} from './entry-path.ts';
import {fileError} from './file-error.ts';
import type {LayerTree} from './layer-tree.ts';

type Place = {components: string[]; parent: DirectoryFd; name: string};
type OpenFile = {fd: number; entry: TarEntry; place: Place; end: number};

export class Extractor implements Disposable {
  readonly #tree: LayerTree;
  readonly #maxEntries: number;
  readonly #attributes = new EntryAttributes();
  /** Directories keep their times only when nothing is put into them afterwards. */
  readonly #directoryTimes = new Map<string, bigint>();
  #file: OpenFile | undefined;
  #entries = 0;

  constructor(tree: LayerTree, maxEntries: number) {
    this.#tree = tree;
    this.#maxEntries = maxEntries;
  }

  /** Extended attributes that the file system could not take. */
  get lostAttributes(): string[] {
    return this.#attributes.lost;
  }

  take(event: TarEvent): void {
    if (event.kind === 'data') this.#write(event.data, event.offset);
    else if (event.kind === 'end') this.#endFile();
    else this.#begin(event.entry);
  }

  /** Sets what can only be set last. Call it at the end of the archive. */
  finish(): void {
    for (const [path, mtime] of [...this.#tree.inheritedTimes(), ...this.#directoryTimes]) {
      const directory = openDirectoryInRoot(this.#tree.root, path === '' ? [] : path.split('/'));
      if (directory === undefined) continue; // replaced by something else later on
      try {
        utimensAt(directory, '.', {atime: mtime, mtime}, 0);
      } finally {
        closeFd(directory);
      }
    }
  }

  [Symbol.dispose](): void {
    if (this.#file) closeFd(this.#file.fd);
    this.#file = undefined;
  }

  #begin(entry: TarEntry): void {
    if (++this.#entries > this.#maxEntries) {
      throw new EngineError('resource-exhausted', `layer has more than ${this.#maxEntries} entries`);
    }
    this.#tree.release();
    const components = splitName(entry.name);
    const name = components.at(-1);
    const whiteout = name === undefined ? undefined : parseWhiteout(name);
    if (name === undefined) checkRoot(entry);
    else if (whiteout) this.#takeWhiteout(components, whiteout);
    else {
      this.#make(entry, {components, parent: this.#tree.directory(components.slice(0, -1)), name});
      this.#tree.unpacked(components);
    }
  }

  #takeWhiteout(components: string[], whiteout: Whiteout): void {
    const directory = components.slice(0, -1);
    if (whiteout.kind === 'opaque') this.#tree.opaque(directory);
    else if (whiteout.kind === 'removed') {
      const {name} = whiteout;
      if (name === '' || name === '.' || name === '..') throw tarError(`${showName(components)} removes nothing`);
      this.#tree.whiteout([...directory, name]);
    }
  }

  #make(entry: TarEntry, place: Place): void {
    // The attributes of a file come when it is complete; a link shares those of its target.
    if (entry.type === 'file') this.#makeFile(entry, place);
    else if (entry.type === 'link') this.#makeLink(entry, place);
    else {
      if (entry.type === 'directory') this.#makeDirectory(entry, place);
      else if (entry.type === 'symlink') this.#fresh(place, path => symlinkAt(entry.linkName, place.parent, path));
      else if (!this.#makeNode(entry, place)) return;
      this.#attributes.apply(entry, place.parent, place.name);
    }
  }

  #makeDirectory(entry: TarEntry, place: Place): void {
    this.#tree.makeDirectory(place.parent, place.name);
    this.#directoryTimes.set(place.components.join('/'), entry.mtime);
  }

  #makeFile(entry: TarEntry, place: Place): void {
    const flags = O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY;
    const fd = this.#fresh(place, path => openAt(place.parent, path, flags, 0o600));
    this.#file = {fd, entry, place, end: 0};
  }

  /** False for a device that only root of the host could make: it is left out, as containers would get none either. */
  #makeNode(entry: TarEntry, place: Place): boolean {
    const types = {character: S_IFCHR, block: S_IFBLK, fifo: S_IFIFO} as const;
    const type = types[entry.type as keyof typeof types];
    const device = entry.type === 'fifo' ? 0n : makedev(entry.devMajor, entry.devMinor);
    try {
      this.#fresh(place, path => mknodAt(place.parent, path, type | 0o600, device));
      return true;
    } catch (error) {
      if (entry.type === 'fifo' || !isErrno(error, 'EPERM') || !inUserNamespace()) throw error;
      this.#tree.clear(place.parent, place.name);
      return false;
    }
  }

  /** Its attributes are those of the file that it is another name of. */
  #makeLink(entry: TarEntry, place: Place): void {
    const target = splitName(entry.linkName);
    const targetName = target.at(-1);
    if (targetName === undefined) throw tarError(`${showName(place.components)} is a hard link to the root`);
    if (target.join('/') === place.components.join('/')) return; // to itself
    this.#tree.clear(place.parent, place.name);
    if (this.#tryLink(target, targetName, place)) return;
    if (this.#tree.copyUp(target) && this.#tryLink(target, targetName, place)) return;
    throw tarError(`${showName(place.components)} is a hard link to ${showName(target)}, which is not there`);
  }

  #tryLink(target: string[], targetName: string, {components, parent, name}: Place): boolean {
    const targetParent = this.#tree.directory(target.slice(0, -1));
    try {
      linkAt(targetParent, bytesOf(targetName), parent, bytesOf(name));
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false;
      if (isErrno(error, 'EPERM')) throw tarError(`${showName(components)} is a hard link to a directory`);
      throw error;
    }
  }

  /** Makes something new; what was there under that name goes first. */
  #fresh<T>(place: Place, make: (path: Buffer) => T): T {
    const path = bytesOf(place.name);
    try {
      return make(path);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
    this.#tree.clear(place.parent, place.name);
    return make(path);
  }

  #write(data: Buffer, offset: number): void {
    const file = this.#file;
    if (!file) return;
    try {
      for (let done = 0; done < data.length; ) {
        done += writeSync(file.fd, data, done, data.length - done, offset + done);
      }
    } catch (error) {
      throw fileError('write', showName(file.place.components), error);
    }
    file.end = offset + data.length;
  }

  #endFile(): void {
    const file = this.#file;
    if (!file) return;
    try {
      if (file.end < file.entry.size) ftruncateSync(file.fd, file.entry.size); // it ends in a hole
    } catch (error) {
      throw fileError('truncate', showName(file.place.components), error);
    }
    closeFd(file.fd);
    this.#file = undefined;
    this.#attributes.apply(file.entry, this.#tree.directory(file.place.components.slice(0, -1)), file.place.name);
  }
}

/**
 * The root stays as it is, as with the original: who packs a directory of mode 0700 means no image that only root can
 * use.
 */
function checkRoot(entry: TarEntry): void {
  if (entry.type !== 'directory') throw tarError(`the root of the layer is a ${entry.type}`);
}
