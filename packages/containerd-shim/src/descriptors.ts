import {closeSync, readdirSync, readlinkSync} from 'node:fs';
import {setCloexec} from '@longshore/linux';

/**
 * Closes what this process was given beyond its stdio and `keep`, which gets the close-on-exec flag. Both runtimes set
 * that flag on whatever they find open, so it does not tell what was inherited. But what Bun has opened itself by the
 * time its program runs is of a kind that nobody passes on; Node has pipes among them, so nothing is closed there.
 */
export function closeInherited(keep: number): void {
  setCloexec(keep);
  if (!process.versions.bun) return;
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    if (fd > 2 && fd !== keep && isInherited(fd)) closeSync(fd);
  }
}

function isInherited(fd: number): boolean {
  try {
    return !readlinkSync(`/proc/self/fd/${fd}`).startsWith('anon_inode:');
  } catch {
    return false; // the directory's own descriptor, closed by now
  }
}
