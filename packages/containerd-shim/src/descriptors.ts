import {closeSync, readdirSync} from 'node:fs';
import {fcntl, isErrno, setCloexec} from '@longshore/linux';

const F_GETFD = 1;
const FD_CLOEXEC = 1;

/**
 * Closes what this process was given beyond its stdio and `keep`: the runtime opens everything of its own with
 * close-on-exec, so a descriptor without that flag came from the parent. `keep` gets the flag.
 */
export function closeInherited(keep: number): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    if (fd > 2 && fd !== keep && isInherited(fd)) closeSync(fd);
  }
  if (isInherited(keep)) setCloexec(keep);
}

function isInherited(fd: number): boolean {
  try {
    return (fcntl(fd, F_GETFD, 0) & FD_CLOEXEC) === 0;
  } catch (error) {
    if (isErrno(error, 'EBADF')) return false; // the directory's own descriptor, closed by now
    throw error;
  }
}
