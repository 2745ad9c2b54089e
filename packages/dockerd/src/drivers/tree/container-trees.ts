/** Files of containers by descriptors of their roots: see the port. */
import {EngineError, isErrorCode, messageOf} from '@longshore/errdefs';
import {
  AT_FDCWD,
  bindMount,
  closeFd,
  fstatAt,
  isErrno,
  MS_BIND,
  MS_RDONLY,
  MS_REMOUNT,
  mount,
  O_CREAT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  openAt,
  openInRoot,
  readlinkAt,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
} from '@longshore/linux';
import {decompressAny} from '@longshore/oci';
import {baseNameOf} from '../../core/containers/copy/container-path.ts';
import type {
  ContainerPath,
  ContainerTree,
  ContainerTrees,
  ExtractOptions,
  PathStatus,
} from '../../core/ports/container-tree.ts';
import type {Remapping} from '../../core/users/remapping.ts';
import {TreeArchiver} from './archive-tree.ts';
import {coalesce} from './coalesce.ts';
import {TreeExtractor} from './extract-tree.ts';
import {bytesOf, componentsOf, showPath} from './names.ts';
import {Pacer} from './pacer.ts';
import {openDirectory, resolveLinks} from './resolve.ts';

export class LinuxContainerTrees implements ContainerTrees {
  open(root: string, remapping?: Remapping): ContainerTree {
    return new RootedTree(openAt(AT_FDCWD, root, O_PATH | O_DIRECTORY), remapping);
  }

  openProcess(pid: number, root: string, remapping?: Remapping): ContainerTree {
    const changed = (cause?: unknown) =>
      new EngineError('conflict', 'the process of the container has ended or has another root now', {cause});
    let fd: number;
    try {
      fd = openAt(AT_FDCWD, `/proc/${pid}/root`, O_PATH | O_DIRECTORY);
    } catch (error) {
      throw isErrno(error, 'ENOENT', 'ESRCH') ? changed(error) : error;
    }
    // The number may be another process's by now, with the root of this machine.
    const seen = fstatAt(fd, '');
    const own = fstatAt(AT_FDCWD, root);
    if (seen.dev === own.dev && seen.ino === own.ino) return new RootedTree(fd, remapping);
    closeFd(fd);
    throw changed();
  }

  bindInside(root: string, destination: string, source: string, {readOnly}: {readOnly: boolean}): void {
    const path = componentsOf(destination).join('/');
    const withTarget = (flags: number, use: (target: string) => void) => {
      const fd = openInRoot(root, bytesOf(path), flags, flags & O_CREAT ? 0o644 : 0);
      try {
        use(`/proc/self/fd/${fd}`);
      } finally {
        closeFd(fd);
      }
    };
    if ((fstatAt(AT_FDCWD, source, {followLinks: true}).mode & S_IFMT) !== S_IFDIR) {
      withTarget(O_CREAT | O_NONBLOCK, () => {});
    }
    withTarget(O_PATH, target => bindMount(source, target, {recursive: true}));
    // The descriptor above is of what lies below the mount now.
    if (readOnly) {
      withTarget(O_PATH, target => mount(undefined, target, undefined, MS_BIND | MS_REMOUNT | MS_RDONLY));
    }
  }
}

class RootedTree implements ContainerTree {
  readonly #root: number;

  readonly #remapping: Remapping | undefined;

  /** Takes the descriptor over. */
  constructor(root: number, remapping: Remapping | undefined) {
    this.#root = root;
    this.#remapping = remapping;
  }

  status(path: ContainerPath): PathStatus {
    const fd = this.#openPath(path);
    try {
      const {mode, size, mtimeNs: mtime} = fstatAt(fd, '');
      const isLink = (mode & S_IFMT) === S_IFLNK;
      const linkTarget = isLink && readlinkAt(fd, '').length > 0 ? this.resolve(path.path) : '';
      return {name: baseNameOf(path), size: Number(size), mode, mtime, linkTarget};
    } finally {
      closeFd(fd);
    }
  }

  async *archive(path: ContainerPath, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
    const fd = this.#openPath(path);
    try {
      const name = Buffer.from(baseNameOf(path)).toString('latin1');
      yield* coalesce(
        new TreeArchiver(new Pacer(signal), {oneFileSystem: false, remapping: this.#remapping}).member(fd, name),
      );
    } finally {
      closeFd(fd);
    }
  }

  archiveAll(signal: AbortSignal): AsyncIterable<Uint8Array> {
    return coalesce(
      new TreeArchiver(new Pacer(signal), {oneFileSystem: true, remapping: this.#remapping}).content(this.#root),
    );
  }

  resolve(path: string): string {
    return showPath(resolveLinks(this.#root, componentsOf(path)));
  }

  checkDirectory(path: string): void {
    try {
      closeFd(openDirectory(this.#root, componentsOf(path)));
    } catch (error) {
      if (!isErrorCode(error, 'invalid-argument')) throw error;
      throw new EngineError('invalid-argument', 'extraction point is not a directory', {cause: error});
    }
  }

  async extract(directory: string, archive: AsyncIterable<Uint8Array>, options: ExtractOptions): Promise<void> {
    const base = resolveLinks(this.#root, componentsOf(directory));
    try {
      const how = {...options, remapping: this.#remapping};
      await new TreeExtractor(this.#root, base, how, new Pacer(options.signal)).run(decompressAny(archive));
    } catch (error) {
      if (!/^invalid tar: it ends in the middle/.test(messageOf(error))) throw error;
      throw new EngineError('unknown', 'unexpected EOF', {cause: error});
    }
  }

  [Symbol.dispose](): void {
    closeFd(this.#root);
  }

  /** Links on the way are followed, the last one only when the path asks for a directory. */
  #openPath(wanted: ContainerPath): number {
    try {
      return this.#openComponents(wanted);
    } catch (error) {
      if (!isErrorCode(error, 'invalid-argument')) throw error;
      const {path, isDirectory, isContent} = wanted;
      const end = path === '/' || !isDirectory ? '' : isContent ? '/.' : '/';
      throw new EngineError('unknown', `lstat ${path}${end}: not a directory`, {cause: error});
    }
  }

  #openComponents({path, isDirectory}: ContainerPath): number {
    const components = componentsOf(path);
    const name = components.at(-1);
    if (isDirectory || name === undefined) return openDirectory(this.#root, components);
    const parent = openDirectory(this.#root, components.slice(0, -1));
    try {
      return openAt(parent, bytesOf(name), O_PATH | O_NOFOLLOW);
    } finally {
      closeFd(parent);
    }
  }
}
