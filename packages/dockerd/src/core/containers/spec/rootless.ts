/** What the runtime cannot do for a daemon that is not the host's root, and does not need to be asked for. */
import type {LinuxResources, Mount, Spec} from '@longshore/api/oci';
import type {CgroupFacts} from '../../system/host-facts.ts';

export interface RootlessLimits {
  cgroup: CgroupFacts;
  /** A process may not be made less likely to be killed than the daemon is. */
  ownOomScoreAdj: number;
  /** The container is in the process or IPC namespace of the host, whose file systems cannot be mounted anew. */
  hostPid: boolean;
  hostIpc: boolean;
  /** /dev/mqueue is there. */
  hasQueues: boolean;
}

/** The configuration without limits of controllers that were not delegated and without rules for devices. */
export function toRootless(spec: Spec, limits: RootlessLimits): Spec {
  const {cgroup, ownOomScoreAdj} = limits;
  const {resources, cgroupsPath, ...linux} = spec.linux ?? {};
  const hasCgroup = cgroupsPath !== undefined && cgroupsPath !== '';
  const process = spec.process && {
    ...spec.process,
    oomScoreAdj: Math.max(spec.process.oomScoreAdj ?? 0, ownOomScoreAdj),
  };
  return {
    ...spec,
    ...(process ? {process} : {}),
    mounts: (spec.mounts ?? []).flatMap(mount => replaceHostMount(mount, limits)),
    linux: {
      ...linux,
      ...(hasCgroup ? {cgroupsPath, resources: delegatedResources(resources ?? {}, cgroup)} : {}),
    },
  };
}

/** The limits whose controller was delegated. */
export function delegatedResources(resources: LinuxResources, cgroup: CgroupFacts): LinuxResources {
  const {devices: _, memory, cpu, pids, blockIO, ...rest} = resources;
  return {
    ...rest,
    ...(memory && cgroup.memoryLimit ? {memory} : {}),
    ...(cpu && (cgroup.cpuShares || cgroup.cpuset) ? {cpu} : {}),
    ...(pids && cgroup.pids ? {pids} : {}),
    ...(blockIO && cgroup.blkioWeight ? {blockIO} : {}),
  };
}

/** A namespace that belongs to the host's user namespace gives no new instance of its file system: it is bound. */
function replaceHostMount(mount: Mount, {hostPid, hostIpc, hasQueues}: RootlessLimits): Mount[] {
  const isProc = hostPid && mount.type === 'proc';
  const isQueue = hostIpc && mount.type === 'mqueue';
  if (!isProc && !isQueue) return [mount];
  if (isQueue && !hasQueues) return [];
  return [{destination: mount.destination, type: 'bind', source: mount.destination, options: ['rbind']}];
}
