import type {CgroupDriver} from '../containers/cgroup-path.ts';
import type {CgroupFacts, HostFacts} from './host-facts.ts';

/** The `Warnings` of `docker info`: what this kernel cannot limit, in Docker's words. */
export function hostWarnings({cgroup}: HostFacts, driver: CgroupDriver, ipv4Forwarding: boolean): string[] {
  const missing: [boolean, string][] = [
    ...(driver === 'none' ? [] : limitWarnings(cgroup)),
    [ipv4Forwarding, 'WARNING: IPv4 forwarding is disabled'],
  ];
  const without =
    driver === 'none' ? [`WARNING: Running in rootless-mode without cgroups. ${remedies[cgroup.version]}`] : [];
  return [...without, ...missing.flatMap(([has, text]) => (has ? [] : [text]))];
}

const remedies = {
  1: 'To enable cgroups in rootless-mode, you need to boot the system in cgroup v2 mode.',
  2: 'Systemd is required to enable cgroups in rootless-mode.',
};

function limitWarnings(cgroup: CgroupFacts): [boolean, string][] {
  return [
    [cgroup.memoryLimit, 'WARNING: No memory limit support'],
    [cgroup.swapLimit, 'WARNING: No swap limit support'],
    [cgroup.version === 2 || cgroup.oomKillDisable, 'WARNING: No oom kill disable support'],
    [cgroup.cpuCfs, 'WARNING: No cpu cfs quota support'],
    [cgroup.cpuCfs, 'WARNING: No cpu cfs period support'],
    [cgroup.cpuShares, 'WARNING: No cpu shares support'],
    [cgroup.cpuset, 'WARNING: No cpuset support'],
    ...(cgroup.version === 2 ? ioWarnings(cgroup) : []),
  ];
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
