/** Fields in the order of the specification's own definition, which is the one that every other tool prints. */
import type {FullSpec} from './default-spec.ts';

const orders: Record<'spec' | 'process' | 'linux' | 'resources', string> = {
  spec: 'ociVersion process root hostname domainname mounts hooks annotations linux',
  process:
    'terminal consoleSize user args commandLine env cwd capabilities rlimits noNewPrivileges apparmorProfile oomScoreAdj ' +
    'scheduler selinuxLabel ioPriority execCPUAffinity',
  linux:
    'uidMappings gidMappings sysctl resources cgroupsPath namespaces devices netDevices seccomp rootfsPropagation ' +
    'maskedPaths readonlyPaths mountLabel intelRdt personality timeOffsets',
  resources: 'devices memory cpu pids blockIO hugepageLimits network rdma unified',
};

export function ordered(spec: FullSpec): FullSpec {
  const {process, linux} = spec;
  const resources = linux.resources && {resources: sorted(linux.resources, orders.resources)};
  const parts = {process: sorted(process, orders.process), linux: sorted({...linux, ...resources}, orders.linux)};
  return sorted({...spec, ...parts}, orders.spec);
}

/** Fields that the order does not name come last. */
function sorted<T extends object>(value: T, order: string): T {
  const names = order.split(' ');
  const rank = (key: string) => (names.includes(key) ? names.indexOf(key) : names.length);
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => rank(a) - rank(b))) as T;
}
