import {Buffer} from 'node:buffer';
import {EngineError} from '@longshore/errdefs';
import {cstr} from './c-string.ts';
import {Errno} from './errno-names.ts';
import {check, SystemCallError} from './errors.ts';
import {closeFd, O_CREAT, O_EXCL, O_RDONLY, writeFd} from './fd.ts';
import {bind, errno, type Pointer} from './libc.ts';
import {MNT_DETACH, MS_BIND, mount, UMOUNT_NOFOLLOW} from './mount.ts';
import {fstatAt} from './nodes.ts';
import {AT_FDCWD, openAt} from './open-at.ts';
import {exitNow} from './process.ts';

const nativeUnshare = bind<[flags: number]>('unshare', 'int', 'int');
const nativeSetns = bind<[fd: number, type: number]>('setns', 'int', 'int', 'int');
const nativeUmount = bind<[target: Pointer, flags: number]>('umount2', 'int', 'void *', 'int');
const nativeUnlink = bind<[path: Pointer]>('unlink', 'int', 'void *');

export const CLONE_NEWTIME = 0x80;
export const CLONE_FS = 0x200;
export const CLONE_NEWNS = 0x20000;
export const CLONE_NEWCGROUP = 0x2000000;
export const CLONE_NEWUTS = 0x4000000;
export const CLONE_NEWIPC = 0x8000000;
export const CLONE_NEWUSER = 0x10000000;
export const CLONE_NEWPID = 0x20000000;
export const CLONE_NEWNET = 0x40000000;

/** The JavaScript thread's own network namespace; /proc/self would be the main thread's. */
const threadNetns = '/proc/thread-self/ns/net';

/** unshare(2), for the JavaScript thread only: the runtime's other threads stay where they are. Rarely what you want. */
export function unshare(flags: number): void {
  check('unshare namespaces', undefined, nativeUnshare(flags));
}

/** setns(2), for the JavaScript thread only. For network namespaces use `inNetns`, which always comes back. */
export function setns(fd: number, type: number): void {
  check('enter namespace', `fd ${fd}`, nativeSetns(fd, type));
}

/**
 * Runs `fn` with the JavaScript thread in a network namespace given by path or descriptor: long enough to open a
 * socket, which then belongs to that namespace for good. `fn` must be synchronous. If the way back fails the process
 * ends: everything it did later would happen in the wrong network.
 */
export function inNetns<T>(netns: string | number, fn: () => T): T {
  const target = typeof netns === 'number' ? netns : openAt(AT_FDCWD, netns, O_RDONLY);
  try {
    return withNetnsRestored(() => {
      setns(target, CLONE_NEWNET);
      const result = fn();
      if (isPromise(result))
        throw new EngineError('internal', 'a function run in a network namespace must not be async');
      return result;
    });
  } finally {
    if (typeof netns !== 'number') closeFd(target);
  }
}

/**
 * Makes a network namespace (its loopback down) and pins it at `path`, a new file, by a bind mount. Throws
 * already-exists if the file is there. `deleteNetns` undoes it.
 */
export function createNetns(path: string): void {
  closeFd(openAt(AT_FDCWD, path, O_RDONLY | O_CREAT | O_EXCL, 0o444));
  try {
    withNetnsRestored(() => {
      unshare(CLONE_NEWNET);
      mount(threadNetns, path, undefined, MS_BIND);
    });
  } catch (error) {
    nativeUnlink(cstr(path));
    throw error;
  }
}

/** Unpins a namespace and removes the file; it ends with its last process and socket. A missing one is success. */
export function deleteNetns(path: string): void {
  const bytes = cstr(path);
  if (nativeUmount(bytes, MNT_DETACH | UMOUNT_NOFOLLOW) === -1) {
    const number = errno();
    if (number !== Errno.EINVAL && number !== Errno.ENOENT) throw new SystemCallError('unmount', number, path);
  }
  if (nativeUnlink(bytes) === -1 && errno() !== Errno.ENOENT) throw new SystemCallError('remove', errno(), path);
}

/** Inode number of a namespace file, which is the namespace's identity. */
export function netnsIno(path: string = threadNetns): bigint {
  return fstatAt(AT_FDCWD, path, {followLinks: true}).ino;
}

function withNetnsRestored<T>(fn: () => T): T {
  const home = openAt(AT_FDCWD, threadNetns, O_RDONLY);
  try {
    return fn();
  } finally {
    if (nativeSetns(home, CLONE_NEWNET) === -1) {
      writeFd(2, Buffer.from(`cannot return to the network namespace: errno ${errno()}\n`));
      exitNow(70);
    }
    closeFd(home);
  }
}

function isPromise(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value;
}
