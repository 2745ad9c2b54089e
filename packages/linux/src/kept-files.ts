import {Buffer} from 'node:buffer';
import {cstr} from './c-string.ts';
import {Errno} from './errno-names.ts';
import {SystemCallError} from './errors.ts';
import {closeFd, O_CLOEXEC} from './fd.ts';
import {readKernelFileIfExists} from './kernel-file.ts';
import {bind, errno, type Pointer} from './libc.ts';

const open = bind<[path: Pointer, flags: number, mode: number]>('open', 'int', 'void *', 'int', 'int');
const pread = bind<[fd: number, buffer: Pointer, size: number, offset: number]>(
  'pread',
  'long',
  'int',
  'void *',
  'size_t',
  'int64_t',
);

const gone: readonly number[] = [Errno.ENOENT, Errno.ESRCH, Errno.ENODEV, Errno.ENOTDIR];
/** Larger files are read in the usual way. */
const size = 16 * 1024;
let scratch: Buffer | undefined;

/**
 * Files of cgroups that are read again and again: they stay open, which saves three of the four calls of each reading.
 * Only for files that the kernel makes up as a whole, as those of cgroups: what one read gives is taken for all. An open
 * file keeps no cgroup from being removed.
 */
export class KeptFiles implements Disposable {
  readonly #open = new Map<string, number>();

  /** The content now; undefined if the file, or what it is about, is gone. Throws SystemCallError. */
  read(path: string): string | undefined {
    let fd = this.#open.get(path);
    if (fd === undefined) {
      fd = open(cstr(path), O_CLOEXEC, 0);
      if (fd === -1 && gone.includes(errno())) return undefined;
      if (fd === -1) throw new SystemCallError('open', errno(), path);
      this.#open.set(path, fd);
    }
    scratch ??= Buffer.allocUnsafeSlow(size);
    const count = readStart(fd, scratch, path);
    if (count === undefined) return undefined;
    return count === size ? readKernelFileIfExists(path) : scratch.toString('latin1', 0, count);
  }

  /** How many files are open. */
  get count(): number {
    return this.#open.size;
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open.values()) closeFd(fd);
    this.#open.clear();
  }
}

function readStart(fd: number, buffer: Buffer, path: string): number | undefined {
  for (;;) {
    const count = pread(fd, buffer, buffer.length, 0);
    if (count >= 0) return count;
    const number = errno();
    if (gone.includes(number)) return undefined;
    if (number !== Errno.EINTR) throw new SystemCallError('read', number, path);
  }
}
