import {dirname, resolve} from 'node:path';
import {readKernelFile} from './kernel-file.ts';

/** One line of /proc/PID/mountinfo. */
export interface MountInfo {
  id: number;
  parentId: number;
  major: number;
  minor: number;
  /** What of the file system is mounted: `/` or, for a bind mount, a path inside. */
  root: string;
  mountPoint: string;
  /** Options of the mount: `rw`, `nosuid` … */
  options: string[];
  /** `shared:N`, `master:N`, `propagate_from:N`, `unbindable`. */
  optionalFields: string[];
  type: string;
  source: string;
  /** Options of the file system. */
  superOptions: string[];
}

/** The mounts that process `pid` sees, in the order the kernel gives (later ones lie on top). */
export function readMountInfo(pid: number | 'self' = 'self'): MountInfo[] {
  return parseMountInfo(readKernelFile(`/proc/${pid}/mountinfo`));
}

/** Parses the format of proc(5); lines that do not fit it are an error of the caller's input and are left out. */
export function parseMountInfo(text: string): MountInfo[] {
  const mounts: MountInfo[] = [];
  for (const line of text.split('\n')) {
    const mount = parseLine(line);
    if (mount) mounts.push(mount);
  }
  return mounts;
}

function parseLine(line: string): MountInfo | undefined {
  const fields = line.split(' ');
  const separator = fields.indexOf('-', 6);
  if (separator < 0 || fields.length < separator + 4) return undefined;
  const [major, minor] = fields[2]!.split(':');
  return {
    id: Number(fields[0]),
    parentId: Number(fields[1]),
    major: Number(major),
    minor: Number(minor),
    root: unescapeOctal(fields[3]!),
    mountPoint: unescapeOctal(fields[4]!),
    options: fields[5]!.split(','),
    optionalFields: fields.slice(6, separator),
    type: unescapeOctal(fields[separator + 1]!),
    source: unescapeOctal(fields[separator + 2]!),
    superOptions: fields[separator + 3]!.split(',').map(unescapeOctal),
  };
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
function unescapeOctal(field: string): string {
  if (!field.includes('\\')) return field;
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** True if something is mounted exactly at `path` (bind mounts too). `path` itself is not resolved. */
export function isMountPoint(path: string): boolean {
  const wanted = resolve(path);
  return readMountInfo().some(mount => mount.mountPoint === wanted);
}

/** The mount that `path` lies on: the last one of the longest mount point above it. */
export function mountOf(path: string, mounts: readonly MountInfo[] = readMountInfo()): MountInfo | undefined {
  for (let at = resolve(path); ; at = dirname(at)) {
    const found = mounts.findLast(mount => mount.mountPoint === at);
    if (found || at === '/') return found;
  }
}
