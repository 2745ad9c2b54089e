import {AT_FDCWD, closeFd, type FileStatus, fstatAtIfExists, O_DIRECTORY, O_PATH, openAt} from '@longshore/linux';
import {type DirectoryFd, openDirectoryStrictly} from './directory-view.ts';
import {bytesOf} from './entry-path.ts';
import {openMounted} from './open-mounted.ts';
import {isWhiteout} from './overlay-attributes.ts';

/** What the lower layers of an overlay show together. Opened when it is first asked for; most layers never do. */
export class LowerView implements Disposable {
  readonly #layers: readonly string[];
  #fd: DirectoryFd | undefined;

  /** Directories of the layers from the top down. */
  constructor(layers: readonly string[]) {
    this.#layers = layers;
  }

  /** What is at a path that has no links on the way; undefined for nothing. */
  lookup(components: readonly string[]): {parent: DirectoryFd; status: FileStatus; close: () => void} | undefined {
    if (this.#layers.length === 0) return undefined;
    this.#fd ??= this.#open();
    const parent = openDirectoryStrictly(this.#fd, components.slice(0, -1));
    if (parent === undefined) return undefined;
    const status = fstatAtIfExists(parent, bytesOf(components.at(-1) as string));
    // A single layer is looked at as it is on disk, where what is gone is still a device node.
    if (status && !isWhiteout(status)) return {parent, status, close: () => closeFd(parent)};
    closeFd(parent);
    return undefined;
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeFd(this.#fd);
    this.#fd = undefined;
  }

  #open(): DirectoryFd {
    const [only] = this.#layers;
    if (this.#layers.length === 1) return openAt(AT_FDCWD, only as string, O_PATH | O_DIRECTORY);
    const options = ['ro', `lowerdir=${this.#layers.map(escapePath).join(':')}`];
    return openMounted([{type: 'overlay', source: 'overlay', options}]);
  }
}

function escapePath(path: string): string {
  return path.replace(/[\\:,]/g, '\\$&');
}
