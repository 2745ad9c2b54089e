/**
 * Unpacks an archive below a directory of a container. Parents are looked up anew for every member from the container's
 * root, links staying inside of it; everything else is relative to the parent's descriptor and follows no link.
 */
import {write} from 'node:fs';
import {promisify} from 'node:util';
import {EngineError} from '@longshore/errdefs';
import {
  closeFd,
  type FileStatus,
  fchownAt,
  fstatAtIfExists,
  isErrno,
  linkAt,
  makedev,
  mkdirAt,
  mknodAt,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_WRONLY,
  openAt,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFMT,
  symlinkAt,
  utimensAt,
} from '@longshore/linux';
import {readTar, type TarEntry, type TarMember, tarError} from '@longshore/oci';
import type {ExtractOptions} from '../../core/ports/container-tree.ts';
import {type Owner, type Remapping, toHostOwner} from '../../core/users/remapping.ts';
import {applyAttributes} from './attributes.ts';
import {bytesOf, showPath, splitMemberName} from './names.ts';
import type {Pacer} from './pacer.ts';
import {removeTree} from './remove-tree.ts';
import {openDirectory} from './resolve.ts';

const writeAsync = promisify(write);
const nodeTypes = {character: S_IFCHR, block: S_IFBLK, fifo: S_IFIFO} as const;

/** With the remapping of a container whose files have shifted owners. */
export type HowToExtract = Omit<ExtractOptions, 'signal'> & {remapping?: Remapping | undefined};

export class TreeExtractor {
  readonly #root: number;
  /** Where the archive goes, without links. */
  readonly #base: readonly string[];
  readonly #options: HowToExtract;
  readonly #pacer: Pacer;
  /** Putting something into a directory changes its time, so they come last. */
  readonly #directoryTimes = new Map<string, bigint>();

  constructor(root: number, base: readonly string[], options: HowToExtract, pacer: Pacer) {
    this.#root = root;
    this.#base = base;
    this.#options = options;
    this.#pacer = pacer;
  }

  async run(archive: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const member of readTar(archive)) {
      await this.#pacer.turn();
      await this.#member(member);
    }
    for (const [path, mtime] of this.#directoryTimes) {
      await this.#pacer.turn();
      this.#setTime(path.split('/'), mtime);
    }
  }

  async #member(member: TarMember): Promise<void> {
    const {entry} = member;
    const components = splitMemberName(entry.name);
    const last = components.at(-1);
    if (last === undefined) {
      if (entry.type !== 'directory') throw tarError(`its root is a ${entry.type}`);
      return; // the directory is there, and stays as it is
    }
    const name = bytesOf(last);
    const parent = this.#directory(components.slice(0, -1));
    try {
      const existing = fstatAtIfExists(parent, name);
      if (existing) this.#checkType(entry, components, existing);
      const keep = existing && entry.type === 'directory' && isDirectory(existing);
      if (existing && !keep) await removeTree(parent, name, this.#pacer);
      await this.#make(member, parent, name, keep === true);
      if (entry.type !== 'link') applyAttributes(entry, this.#shifted(this.#options.owner ?? entry), parent, name);
    } finally {
      closeFd(parent);
    }
    if (entry.type === 'directory') this.#directoryTimes.set(components.join('/'), entry.mtime);
  }

  #shifted({uid, gid}: Owner): Owner {
    const {remapping} = this.#options;
    return remapping ? toHostOwner(remapping, {uid, gid}) : {uid, gid};
  }

  #checkType({type}: TarEntry, components: readonly string[], existing: FileStatus): void {
    if (!this.#options.keepTypes || isDirectory(existing) === (type === 'directory')) return;
    const path = JSON.stringify(showPath([...this.#base, ...components]));
    const place = JSON.stringify(showPath(this.#base));
    const message = isDirectory(existing)
      ? `cannot overwrite directory ${path} with non-directory ${place}`
      : `cannot overwrite non-directory ${path} with directory ${place}`;
    throw new EngineError('unknown', message);
  }

  async #make({entry, body}: TarMember, parent: number, name: Buffer, isThere: boolean): Promise<void> {
    if (entry.type === 'directory') {
      if (!isThere) mkdirAt(parent, name, 0o700);
    } else if (entry.type === 'file') await this.#makeFile(body, parent, name);
    else if (entry.type === 'symlink') symlinkAt(entry.linkName, parent, name);
    else if (entry.type === 'link') this.#makeLink(entry, parent, name);
    else {
      const device = entry.type === 'fifo' ? 0n : makedev(entry.devMajor, entry.devMinor);
      mknodAt(parent, name, nodeTypes[entry.type] | 0o600, device);
    }
  }

  async #makeFile(body: TarMember['body'], parent: number, name: Buffer): Promise<void> {
    const fd = openAt(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
    try {
      for await (const piece of body) {
        await this.#pacer.turn();
        for (let done = 0; done < piece.length; ) {
          done += (await writeAsync(fd, piece, done, piece.length - done, null)).bytesWritten;
        }
      }
    } finally {
      closeFd(fd);
    }
  }

  #makeLink(entry: TarEntry, parent: number, name: Buffer): void {
    const target = splitMemberName(entry.linkName);
    const last = target.at(-1);
    if (last === undefined) throw tarError('a hard link leads to the root');
    const directory = openDirectory(this.#root, [...this.#base, ...target.slice(0, -1)]);
    try {
      linkAt(directory, bytesOf(last), parent, name);
    } finally {
      closeFd(directory);
    }
  }

  /** Opens a directory below the base, and makes what is missing on the way. */
  #directory(components: readonly string[]): number {
    const path = [...this.#base, ...components];
    const last = components.at(-1);
    try {
      return openDirectory(this.#root, path);
    } catch (error) {
      if (last === undefined || !isErrno(error, 'ENOENT')) throw error;
    }
    const parent = this.#directory(components.slice(0, -1));
    try {
      mkdirAt(parent, bytesOf(last), 0o755);
      const {uid, gid} = this.#shifted(this.#options.owner ?? {uid: 0, gid: 0});
      fchownAt(parent, bytesOf(last), uid, gid);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error; // else a link that leads nowhere: the open below says so
    } finally {
      closeFd(parent);
    }
    return openDirectory(this.#root, path);
  }

  #setTime(components: readonly string[], mtime: bigint): void {
    let fd: number;
    try {
      fd = openDirectory(this.#root, [...this.#base, ...components]);
    } catch {
      return; // replaced by a later member, or by the container
    }
    try {
      utimensAt(fd, '.', {atime: mtime, mtime}, 0);
    } finally {
      closeFd(fd);
    }
  }
}

function isDirectory({mode}: FileStatus): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}
