import {Buffer} from 'node:buffer';
import {cstr, textUntilNul} from './c-string.ts';
import {check} from './errors.ts';
import {closeFd, readFd} from './fd.ts';
import {bind, type Pointer} from './libc.ts';
import {type WatchOptions, watchReadiness} from './readiness.ts';

const inotifyInit = bind<[flags: number]>('inotify_init1', 'int', 'int');
const inotifyAdd = bind<[fd: number, path: Pointer, mask: number]>('inotify_add_watch', 'int', 'int', 'void *', 'uint');

export const IN_ACCESS = 0x1;
export const IN_MODIFY = 0x2;
export const IN_ATTRIB = 0x4;
export const IN_CLOSE_WRITE = 0x8;
export const IN_CLOSE_NOWRITE = 0x10;
export const IN_OPEN = 0x20;
export const IN_MOVED_FROM = 0x40;
export const IN_MOVED_TO = 0x80;
export const IN_CREATE = 0x100;
export const IN_DELETE = 0x200;
export const IN_DELETE_SELF = 0x400;
export const IN_MOVE_SELF = 0x800;
export const IN_IGNORED = 0x8000;
export const IN_Q_OVERFLOW = 0x4000;
export const IN_ONLYDIR = 0x01000000;

const IN_CLOEXEC = 0o2000000;
const IN_NONBLOCK = 0o4000;

export interface PathEvent {
  /** IN_* bits. IN_IGNORED: the watched file is gone. IN_Q_OVERFLOW: events were lost, look for yourself. */
  mask: number;
  /** Entry of the watched directory that it is about; empty for the watched file itself. */
  name: string;
}

/**
 * Watches one file or directory with inotify, through the same mechanism as `watchFd` (no thread). Works on kernel
 * files that announce changes, such as cgroup v2's memory.events. Dispose to stop.
 */
export function watchPath(
  path: string,
  mask: number,
  onEvent: (event: PathEvent) => void,
  options: WatchOptions = {},
): Disposable {
  const fd = check('make an inotify instance', undefined, inotifyInit(IN_CLOEXEC | IN_NONBLOCK));
  try {
    check('watch', path, inotifyAdd(fd, cstr(path), mask));
    let open = true;
    const watch = watchReadiness(fd, {readable: () => drain(fd, event => open && onEvent(event))}, options);
    return {
      [Symbol.dispose]() {
        if (!open) return;
        open = false;
        watch[Symbol.dispose]();
        closeFd(fd);
      },
    };
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** Hands out one buffer of events; the watch comes back for more. */
function drain(fd: number, onEvent: (event: PathEvent) => void): void {
  const buffer = Buffer.allocUnsafe(4096);
  const count = readFd(fd, buffer);
  if (count === undefined) return;
  // struct inotify_event {int wd; u32 mask, cookie, len; char name[len]}
  for (let at = 0; at + 16 <= count; ) {
    const end = Math.min(at + 16 + buffer.readUInt32LE(at + 12), count);
    onEvent({mask: buffer.readUInt32LE(at + 4), name: textUntilNul(buffer, at + 16, end)});
    at = end;
  }
}
