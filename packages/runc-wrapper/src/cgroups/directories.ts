/** Where a cgroup's directories are on this host: one tree (v2), one per controller (v1), or both (hybrid). */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';

export interface CgroupMounts {
  /** Mount point of the v2 tree; undefined without one. */
  unified: string | undefined;
  /** v1: controller name (`memory`, `name=systemd`) → mount point. */
  controllers: Map<string, string>;
}

/** Directories of the cgroup `path` (`/a/b`) in every hierarchy that is mounted, keyed as in runc's state.json. */
export function cgroupDirectoriesOf(path: string, mounts: CgroupMounts = cgroupMounts()): Record<string, string> {
  const directories: Record<string, string> = {};
  for (const [controller, point] of mounts.controllers) directories[controller] = join(point, path);
  if (mounts.unified !== undefined) directories[''] = join(mounts.unified, path);
  return directories;
}

/** Parses mountinfo(5). Co-mounted controllers (`cpu,cpuacct`) each get an entry; the first mount of one wins. */
export function cgroupMounts(mountinfo: string = readFileSync('/proc/self/mountinfo', 'utf8')): CgroupMounts {
  const mounts: CgroupMounts = {unified: undefined, controllers: new Map()};
  for (const line of mountinfo.split('\n')) {
    const separator = line.indexOf(' - cgroup');
    if (separator < 0) continue;
    const point = unescapeOctal(line.split(' ')[4] ?? '');
    const [type, , options = ''] = line.slice(separator + 3).split(' ');
    if (type === 'cgroup2') mounts.unified ??= point;
    else if (type === 'cgroup') addControllers(mounts.controllers, options, point);
  }
  return mounts;
}

const notControllers = new Set(['rw', 'ro', 'none', 'xattr', 'noprefix', 'clone_children', 'cpuset_v2_mode']);

function addControllers(controllers: Map<string, string>, options: string, point: string): void {
  for (const option of options.split(',')) {
    if (notControllers.has(option) || option.startsWith('release_agent=') || controllers.has(option)) continue;
    controllers.set(option, point);
  }
}

/** mountinfo writes blanks and backslashes as three octal digits. */
function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** True if the container is in a v2 tree alone, so that `cgroup.freeze` and `cgroup.kill` rule it. */
export function isUnified(paths: Record<string, string>): boolean {
  const keys = Object.keys(paths);
  return keys.length === 1 && keys[0] === '';
}
