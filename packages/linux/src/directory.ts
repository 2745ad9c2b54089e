import {Buffer} from 'node:buffer';
import {type PathLike, show} from './c-string.ts';
import {Errno} from './errno-names.ts';
import {retryInterrupted, SystemCallError} from './errors.ts';
import {closeFd, O_DIRECTORY, O_RDONLY} from './fd.ts';
import {bind, errno, type Pointer} from './libc.ts';
import {AT_FDCWD, openAt} from './open-at.ts';

const nativeGetdents = bind<[number: number, fd: number, buffer: Pointer, size: number]>(
  'syscall',
  'long',
  'long',
  'int',
  'void *',
  'size_t',
);

/** Without a libc wrapper before glibc 2.30, and the numbers differ. */
const SYS_getdents64 = process.arch === 'arm64' ? 61 : 217;

export type EntryKind = 'file' | 'directory' | 'link' | 'fifo' | 'socket' | 'character' | 'block' | 'unknown';

/** DT_* of dirent.h. */
const kinds: Record<number, EntryKind> = {
  1: 'fifo',
  2: 'character',
  4: 'directory',
  6: 'block',
  8: 'file',
  10: 'link',
  12: 'socket',
};

export interface DirectoryEntry {
  /** Bytes that are no UTF-8 come out as replacement characters; `rawName` has them. */
  name: string;
  rawName: Buffer;
  /** `unknown` on the few file systems that do not say. */
  kind: EntryKind;
}

/**
 * The entries of a directory except "." and "..", in the kernel's order. Costs a small process less than node:fs, and
 * can read one that is only known by descriptor. `directory` is a path or a descriptor, which is read from its start.
 */
export function readDirectory(directory: PathLike | number): DirectoryEntry[] {
  // A descriptor of its own: the offset of the caller's stays where it is.
  const fd =
    typeof directory === 'number'
      ? openAt(directory, '.', O_RDONLY | O_DIRECTORY)
      : openAt(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY);
  try {
    const entries: DirectoryEntry[] = [];
    const buffer = Buffer.allocUnsafeSlow(32 * 1024);
    for (;;) {
      const size = retryInterrupted(() => nativeGetdents(SYS_getdents64, fd, buffer, buffer.length));
      if (size === 0) return entries;
      if (size === -1) {
        const number = errno();
        if (number === Errno.ENOENT) return entries; // removed since it was opened
        throw new SystemCallError(
          'read directory',
          number,
          typeof directory === 'number' ? `fd ${directory}` : show(directory),
        );
      }
      parseEntries(buffer.subarray(0, size), entries);
    }
  } finally {
    closeFd(fd);
  }
}

/** struct linux_dirent64 {u64 ino; s64 off; u16 reclen; u8 type; char name[]} */
function parseEntries(data: Buffer, entries: DirectoryEntry[]): void {
  for (let at = 0; at + 19 <= data.length; ) {
    const size = data.readUInt16LE(at + 16);
    const record = data.subarray(at + 19, at + size);
    const nul = record.indexOf(0);
    const rawName = Buffer.from(record.subarray(0, nul < 0 ? record.length : nul));
    const name = rawName.toString();
    if (name !== '.' && name !== '..') entries.push({name, rawName, kind: kinds[data[at + 18]!] ?? 'unknown'});
    at += Math.max(size, 19);
  }
}
