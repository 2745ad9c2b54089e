/** Compares what is there before an engine is stopped with what it leaves behind: nothing may be. */
import {existsSync, globSync, rmdirSync} from 'node:fs';
import {join} from 'node:path';
import type {EnginePaths} from './engine-paths.ts';
import type {Survey} from './sandbox-protocol.ts';

/** Leftovers that are by design: Docker keeps its bridge and pinned network namespaces' directory. */
const keptLinks = /^(lo|docker0|br-[0-9a-f]{12})$/;

/** One line for each thing that should not be there once every container is removed and the daemons have stopped. */
export function findLeaks(before: Survey, after: Survey, paths: EnginePaths): string[] {
  return [
    ...after.processes.map(p => `process ${p.pid}: ${p.command}`),
    ...after.mounts.filter(m => !before.mounts.includes(m)).map(m => `mount ${m}`),
    ...after.links.filter(l => !before.links.includes(l) && !keptLinks.test(l)).map(l => `network link ${l}`),
    ...leftCgroups(paths.cgroupParent).map(dir => `cgroup ${dir}`),
    ...leftFiles(paths).map(file => `file ${file}`),
  ];
}

/** Cgroups of containers below the engine's own parent; the parent itself is the harness's to remove. */
export function leftCgroups(parent: string): string[] {
  return cgroupDirectories(parent).flatMap(dir => globSync('*/', {cwd: dir}).map(name => join(dir, name)));
}

/** Removes the engine's parent cgroup and what is left below it; nobody may be in them any more. */
export function removeCgroups(parent: string): void {
  for (const dir of cgroupDirectories(parent)) removeTree(dir);
}

/** From the leaves upwards; the files in a cgroup are the kernel's. */
function removeTree(dir: string): void {
  for (const child of globSync('*/', {cwd: dir})) removeTree(join(dir, child));
  rmdirSync(dir);
}

/** The engine's parent cgroup in every mounted hierarchy. */
export function cgroupDirectories(parent: string): string[] {
  const roots = ['/sys/fs/cgroup', ...globSync('/sys/fs/cgroup/*/')];
  return roots.map(root => join(root, parent)).filter(dir => existsSync(dir));
}

function leftFiles(paths: EnginePaths): string[] {
  return [
    ...find(paths.execRoot, 'netns/*'),
    ...find(paths.execRoot, 'runtime-runc/*/*'),
    ...find(paths.execRoot, 'containerd/*/*-std*'),
    ...find(paths.execRoot, 'containerd/daemon/io.containerd.runtime.v2.task/*/*'),
    ...find(paths.execRoot, 'exits/*'),
    ...find(paths.dataRoot, 'containers/*'),
    ...find(paths.dataRoot, 'rootfs/*/*'),
  ];
}

function find(dir: string, pattern: string): string[] {
  return globSync(pattern, {cwd: dir}).map(file => join(dir, file));
}
