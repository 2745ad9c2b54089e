/** The OCI configuration of a container: every choice of its Config and HostConfig comes together here. */
import type {Linux, LinuxDevice, LinuxDeviceCgroup, LinuxSeccomp, Process, Spec, User} from '@longshore/api/oci';
import {ociRuntimeSpecVersion} from '@longshore/base';
import type {IdRange, Remapping} from '../../users/remapping.ts';
import {applyEdits, type HostDeviceLookup} from '../devices/apply-edits.ts';
import type {CdiEdits} from '../devices/cdi-spec.ts';
import type {ContainerConfig} from '../documents/container-config.ts';
import type {HostConfig} from '../documents/host-config.ts';
import {type BindMount, initDestination, mountTable, type UserMount} from './mounts.ts';
import {type NamespaceChoices, namespacesToOci} from './namespaces.ts';
import {type BlockDeviceLookup, blockIoToOci, deviceRules, limitsToOci} from './resources.ts';

/** Everything that had to be looked up on the host before the spec could be written. */
export interface SpecInputs {
  config: ContainerConfig;
  host: HostConfig;
  /** Entrypoint and command, as `Path` and `Args` of the record. */
  args: string[];
  env: string[];
  user: User;
  capabilities: string[];
  seccomp: LinuxSeccomp | undefined;
  apparmorProfile: string;
  noNewPrivileges: boolean;
  writableCgroups: boolean;
  /** Of a container with shifted ids. */
  remapping: Remapping | undefined;
  /** Where the rootfs is mounted. */
  rootfs: string;
  hostname: string;
  cgroupsPath: string;
  namespaces: NamespaceChoices;
  sysctls: Record<string, string>;
  ipc: 'private' | 'none' | {shm: string};
  initPath: string | undefined;
  userMounts: UserMount[];
  networkFiles: BindMount[];
  devices: LinuxDevice[];
  deviceRules: LinuxDeviceCgroup[];
  /** Of CDI devices and GPUs. */
  deviceEdits: CdiEdits[];
  findDevice: HostDeviceLookup;
  findBlockDevice: BlockDeviceLookup;
  /** Paths of this host that are masked besides those of the HostConfig. */
  extraMaskedPaths: string[];
  rlimits: {name: string; soft: number; hard: number}[];
  rootfsPropagation: string;
}

/** Pure: the same inputs give the same configuration. */
export function buildSpec(inputs: SpecInputs): Spec {
  const {host, namespaces} = inputs;
  const {Annotations: annotations} = host;
  const spec: Spec = {
    ociVersion: ociRuntimeSpecVersion,
    process: buildProcess(inputs),
    root: {path: inputs.rootfs, ...(host.ReadonlyRootfs ? {readonly: true} : {})},
    ...(namespaces.uts === 'own' ? {hostname: inputs.hostname} : {}),
    mounts: mountTable({
      privileged: host.Privileged,
      writableCgroups: inputs.writableCgroups,
      ipc: inputs.ipc,
      shmSize: host.ShmSize,
      init: inputs.initPath,
      userMounts: inputs.userMounts,
      networkFiles: inputs.networkFiles,
    }),
    ...(annotations && Object.keys(annotations).length > 0 ? {annotations} : {}),
    linux: buildLinux(inputs),
  };
  return applyEdits(spec, inputs.deviceEdits, inputs.findDevice);
}

/**
 * The JSON text of a spec. "No limit" of an rlimit is 2^64-1, which is -1 in a HostConfig and no JavaScript number:
 * it is put in as text.
 */
export function encodeSpec(spec: Spec): string {
  return JSON.stringify(spec).replace(/("(?:hard|soft)":)-1(?=[,}])/g, '$118446744073709551615');
}

function buildProcess(inputs: SpecInputs): Process {
  const {config, host} = inputs;
  const [height, width] = host.ConsoleSize;
  const {capabilities} = inputs;
  return {
    ...(config.Tty ? {terminal: true} : {}),
    ...(config.Tty && (height > 0 || width > 0) ? {consoleSize: {height, width}} : {}),
    user: inputs.user,
    args: inputs.initPath === undefined ? inputs.args : [initDestination, '--', ...inputs.args],
    env: inputs.env,
    cwd: config.WorkingDir || '/',
    capabilities: {bounding: capabilities, effective: capabilities, permitted: capabilities},
    ...(inputs.rlimits.length > 0 ? {rlimits: inputs.rlimits.map(rlimitToOci)} : {}),
    ...(inputs.noNewPrivileges ? {noNewPrivileges: true} : {}),
    ...(inputs.apparmorProfile ? {apparmorProfile: inputs.apparmorProfile} : {}),
    oomScoreAdj: host.OomScoreAdj,
  };
}

function buildLinux(inputs: SpecInputs): Linux {
  const {host, seccomp} = inputs;
  const masked = [...(host.MaskedPaths ?? []), ...(host.MaskedPaths?.length ? inputs.extraMaskedPaths : [])];
  const {Domainname: domain} = inputs.config;
  // The spec's field for it is younger than many runtimes; the sysctl has the same effect everywhere.
  const ownDomain = domain && inputs.namespaces.uts === 'own' ? {'kernel.domainname': domain} : undefined;
  const sysctl: Record<string, string> = {...ownDomain, ...inputs.sysctls};
  return {
    ...(Object.keys(sysctl).length > 0 ? {sysctl} : {}),
    resources: {
      devices: deviceRules(host.Privileged, inputs.deviceRules),
      ...limitsToOci(host),
      blockIO: blockIoToOci(host, inputs.findBlockDevice),
    },
    cgroupsPath: inputs.cgroupsPath,
    ...(inputs.remapping ? idMappings(inputs.remapping) : {}),
    namespaces: namespacesToOci(inputs.namespaces),
    ...(inputs.devices.length > 0 ? {devices: inputs.devices} : {}),
    ...(seccomp ? {seccomp} : {}),
    ...(inputs.rootfsPropagation ? {rootfsPropagation: inputs.rootfsPropagation} : {}),
    ...(masked.length > 0 ? {maskedPaths: masked} : {}),
    ...(host.ReadonlyPaths?.length ? {readonlyPaths: host.ReadonlyPaths} : {}),
  };
}

function idMappings({uids, gids}: Remapping): Pick<Linux, 'uidMappings' | 'gidMappings'> {
  const toOci = ({containerId: containerID, hostId: hostID, size}: IdRange) => ({containerID, hostID, size});
  return {uidMappings: uids.map(toOci), gidMappings: gids.map(toOci)};
}

function rlimitToOci({name, soft, hard}: SpecInputs['rlimits'][number]) {
  return {type: `RLIMIT_${name.toUpperCase()}`, hard, soft};
}
