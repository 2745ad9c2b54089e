import {EngineError} from '@longshore/errdefs';
import {readKernelFile} from '../kernel-file.ts';
import {statFs} from '../mount.ts';
import {readMountInfo} from '../mount-info.ts';

/**
 * Names of hierarchies are those of /proc/PID/cgroup and of runc's `cgroup_paths`: a controller (`memory`),
 * `name=systemd`, or the empty string for the one of cgroup v2.
 */
export type Hierarchy = string;

/** The v2 hierarchy. */
export const unified: Hierarchy = '';

export type CgroupMode = 'v1' | 'hybrid' | 'v2';

const root = '/sys/fs/cgroup';

/** `hybrid`: controllers in v1, and beside them a v2 hierarchy at /sys/fs/cgroup/unified. */
export function cgroupMode(): CgroupMode {
  if (statFs(root).type === 'cgroup2') return 'v2';
  return controllerMounts().has(unified) ? 'hybrid' : 'v1';
}

export interface HierarchyMount {
  mountPoint: string;
  /** What of the hierarchy is mounted; not `/` inside a container. */
  root: string;
}

/** Where each hierarchy is mounted. A hierarchy with several controllers appears under each of their names. */
export function controllerMounts(): Map<Hierarchy, HierarchyMount> {
  const mounts = new Map<Hierarchy, HierarchyMount>();
  for (const mount of readMountInfo()) {
    const place = {mountPoint: mount.mountPoint, root: mount.root};
    if (mount.type === 'cgroup2' && !mounts.has(unified)) mounts.set(unified, place);
    if (mount.type !== 'cgroup') continue;
    for (const name of mount.superOptions.filter(isHierarchy)) if (!mounts.has(name)) mounts.set(name, place);
  }
  return mounts;
}

const otherOptions = new Set([
  'rw',
  'ro',
  'xattr',
  'noprefix',
  'clone_children',
  'cpuset_v2_mode',
  'none',
  'favordynmods',
]);

function isHierarchy(option: string): boolean {
  return !otherOptions.has(option) && !option.startsWith('release_agent=');
}

/** The cgroup of a process in each hierarchy, as /proc/PID/cgroup tells. Throws not-found. */
export function cgroupPathsOf(pid: number | 'self'): Map<Hierarchy, string> {
  return parseProcCgroup(readKernelFile(`/proc/${pid}/cgroup`));
}

/** Lines `ID:controller,controller:PATH`. */
export function parseProcCgroup(text: string): Map<Hierarchy, string> {
  const paths = new Map<Hierarchy, string>();
  for (const line of text.split('\n')) {
    const [, controllers, ...rest] = line.split(':');
    if (controllers === undefined || rest.length === 0) continue;
    const path = rest.join(':').replace(/ \(deleted\)$/, '');
    for (const name of controllers.split(',')) paths.set(name, path);
  }
  return paths;
}

/** Directory of a cgroup path in a mounted hierarchy. */
export function directoryIn(mount: HierarchyMount, path: string): string {
  if (!path.startsWith('/') || path.split('/').includes('..'))
    throw new EngineError('invalid-argument', `invalid cgroup path: ${path}`);
  const inside = mount.root !== '/' && `${path}/`.startsWith(`${mount.root}/`) ? path.slice(mount.root.length) : path;
  return (mount.mountPoint + inside).replace(/\/+$/, '') || '/';
}
