import {existsSync, mkdirSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {writeKernelFile} from '@longshore/linux';

/** Moves a shim into the cgroup of option ShimCgroup, in the unified hierarchy or in every controller of version 1. */
export function joinShimCgroup(cgroup: string, pid: number, root = '/sys/fs/cgroup'): void {
  for (const hierarchy of hierarchies(root)) {
    const directory = join(hierarchy, cgroup);
    mkdirSync(directory, {recursive: true});
    writeKernelFile(join(directory, 'cgroup.procs'), String(pid));
  }
}

function hierarchies(root: string): string[] {
  if (existsSync(join(root, 'cgroup.controllers'))) return [root];
  // A new cpuset has no CPU and takes no process until it is given some: containerd leaves it out too.
  const names = readdirSync(root).filter(name => name !== 'cpuset' && name !== 'unified');
  return names.map(name => join(root, name)).filter(path => existsSync(join(path, 'cgroup.procs')));
}
