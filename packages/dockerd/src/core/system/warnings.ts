import type {CgroupFacts, HostFacts} from './host-facts.ts';

/** The `Warnings` of `docker info`: what this kernel cannot limit, in Docker's words. */
export function hostWarnings({cgroup}: HostFacts, ipv4Forwarding: boolean): string[] {
  const missing: [boolean, string][] = [
    [cgroup.memoryLimit, 'WARNING: No memory limit support'],
    [cgroup.swapLimit, 'WARNING: No swap limit support'],
    [cgroup.version === 2 || cgroup.oomKillDisable, 'WARNING: No oom kill disable support'],
    [cgroup.cpuCfs, 'WARNING: No cpu cfs quota support'],
    [cgroup.cpuCfs, 'WARNING: No cpu cfs period support'],
    [cgroup.cpuShares, 'WARNING: No cpu shares support'],
    [cgroup.cpuset, 'WARNING: No cpuset support'],
    ...(cgroup.version === 2 ? ioWarnings(cgroup) : []),
    [ipv4Forwarding, 'WARNING: IPv4 forwarding is disabled'],
  ];
  return missing.flatMap(([has, text]) => (has ? [] : [text]));
}

/** On cgroup v1 Docker says nothing about block devices. */
function ioWarnings(cgroup: CgroupFacts): [boolean, string][] {
  return [
    [cgroup.blkioWeight, 'WARNING: No io.weight support'],
    [cgroup.blkioWeightDevice, 'WARNING: No io.weight (per device) support'],
    [cgroup.blkioReadBps, 'WARNING: No io.max (rbps) support'],
    [cgroup.blkioWriteBps, 'WARNING: No io.max (wbps) support'],
    [cgroup.blkioReadIops, 'WARNING: No io.max (riops) support'],
    [cgroup.blkioWriteIops, 'WARNING: No io.max (wiops) support'],
  ];
}
