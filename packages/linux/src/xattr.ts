import {Buffer} from 'node:buffer';
import {cstr, type PathLike, show} from './c-string.ts';
import {Errno} from './errno-names.ts';
import {check, SystemCallError} from './errors.ts';
import {bind, errno, type Pointer} from './libc.ts';

const lgetxattr = bind<[path: Pointer, name: Pointer, value: Pointer, size: number]>(
  'lgetxattr',
  'long',
  'void *',
  'void *',
  'void *',
  'size_t',
);
const lsetxattr = bind<[path: Pointer, name: Pointer, value: Pointer, size: number, flags: number]>(
  'lsetxattr',
  'int',
  'void *',
  'void *',
  'void *',
  'size_t',
  'int',
);
const llistxattr = bind<[path: Pointer, list: Pointer, size: number]>(
  'llistxattr',
  'long',
  'void *',
  'void *',
  'size_t',
);
const lremovexattr = bind<[path: Pointer, name: Pointer]>('lremovexattr', 'int', 'void *', 'void *');
const fgetxattr = bind<[fd: number, name: Pointer, value: Pointer, size: number]>(
  'fgetxattr',
  'long',
  'int',
  'void *',
  'void *',
  'size_t',
);
const fsetxattr = bind<[fd: number, name: Pointer, value: Pointer, size: number, flags: number]>(
  'fsetxattr',
  'int',
  'int',
  'void *',
  'void *',
  'size_t',
  'int',
);
const flistxattr = bind<[fd: number, list: Pointer, size: number]>('flistxattr', 'long', 'int', 'void *', 'size_t');
const fremovexattr = bind<[fd: number, name: Pointer]>('fremovexattr', 'int', 'int', 'void *');

export const XATTR_CREATE = 1;
export const XATTR_REPLACE = 2;

/** A file by path (symbolic links are not followed) or by descriptor (O_PATH ones are refused by the kernel). */
export type XattrSubject = PathLike | number;

/** Value of an extended attribute; undefined if the file has none of that name. */
export function getXattr(subject: XattrSubject, name: string): Buffer | undefined {
  const nameBytes = cstr(name);
  const path = typeof subject === 'number' ? undefined : cstr(subject);
  const call = (value: Buffer | null, size: number) =>
    path ? lgetxattr(path, nameBytes, value, size) : fgetxattr(subject as number, nameBytes, value, size);
  return growing(`get attribute ${name} of`, subject, call);
}

/** `flags` XATTR_CREATE or XATTR_REPLACE demand that the attribute is new or present. */
export function setXattr(subject: XattrSubject, name: string, value: Uint8Array, flags = 0): void {
  const result =
    typeof subject === 'number'
      ? fsetxattr(subject, cstr(name), value, value.length, flags)
      : lsetxattr(cstr(subject), cstr(name), value, value.length, flags);
  check(`set attribute ${name} of`, subjectName(subject), result);
}

/** Names of all extended attributes; none on a file system without them. */
export function listXattrs(subject: XattrSubject): string[] {
  const path = typeof subject === 'number' ? undefined : cstr(subject);
  const call = (list: Buffer | null, size: number) =>
    path ? llistxattr(path, list, size) : flistxattr(subject as number, list, size);
  const list = growing('list attributes of', subject, call);
  return list ? list.toString('utf8').split('\0').filter(Boolean) : [];
}

/** Throws SystemCallError ENODATA if there is no such attribute. */
export function removeXattr(subject: XattrSubject, name: string): void {
  const result =
    typeof subject === 'number' ? fremovexattr(subject, cstr(name)) : lremovexattr(cstr(subject), cstr(name));
  check(`remove attribute ${name} of`, subjectName(subject), result);
}

/** Asks for the size first; tries again if the attribute grew in between. undefined for "no such" and "no support". */
function growing(
  action: string,
  subject: XattrSubject,
  call: (buffer: Buffer | null, size: number) => number,
): Buffer | undefined {
  for (;;) {
    const size = call(null, 0);
    const buffer = Buffer.alloc(Math.max(size, 0));
    const count = size > 0 ? call(buffer, size) : size;
    if (count >= 0) return buffer.subarray(0, count);
    const number = errno();
    if (number === Errno.ENODATA || number === Errno.EOPNOTSUPP) return undefined;
    if (number !== Errno.ERANGE) throw new SystemCallError(action, number, subjectName(subject));
  }
}

function subjectName(subject: XattrSubject): string {
  return typeof subject === 'number' ? `fd ${subject}` : show(subject);
}
