/** Looks up on the host what the configuration of a container needs. */
import type {LinuxSeccomp} from '@longshore/api/oci';
import {EngineError} from '@longshore/errdefs';
import {parseSeccompProfile, resolveSeccomp} from '@longshore/oci';
import {cgroupsPathOf} from './cgroup-path.ts';
import type {Container} from './container.ts';
import {deviceEdits} from './devices/device-requests.ts';
import type {HostConfig} from './documents/host-config.ts';
import {linkVariables} from './links/links.ts';
import {hasRecursiveReadOnly, type ResolvedMounts} from './mounts/resolve.ts';
import {chooseNamespaces, joinedContainer, networkOwner} from './namespaces.ts';
import type {ContainerRecord} from './record.ts';
import {effectiveCapabilities} from './spec/capabilities.ts';
import {buildEnvironment} from './spec/environment.ts';
import type {BindMount} from './spec/mounts.ts';
import {parseDeviceCgroupRule} from './spec/resources.ts';
import {parseSecurityOptions, type SecurityOptions} from './spec/security-options.ts';
import type {SpecInputs} from './spec/spec.ts';
import {resolveUser} from './spec/user.ts';
import {remappingOf, type World} from './world.ts';

export interface StartParts {
  rootfs: string;
  mounts: ResolvedMounts;
  /** Of the sandbox; undefined with the network of the host or of another container. */
  netnsPath: string | undefined;
  /** Of the sandbox of a container with shifted ids. */
  usernsPath: string | undefined;
  /** Sysctls of the sandbox, the user's among them. */
  sysctls: Record<string, string>;
}

/** Throws Docker's messages for users, devices and containers that are not there. */
export function gatherSpecInputs(world: World, container: Container, parts: StartParts): SpecInputs {
  const {record} = container;
  const {host, config} = record;
  const security = parseSecurityOptions(host.SecurityOpt ?? []);
  const owner = networkOwner(world, container) ?? container;
  const hostname = owner.record.config.Hostname;
  const devices = devicesOf(world, host);
  const capabilities = effectiveCapabilities(
    {add: host.CapAdd ?? [], drop: host.CapDrop ?? [], privileged: host.Privileged},
    world.files.capabilities(),
  );
  return {
    config,
    host,
    args: [record.path, ...record.args],
    env: buildEnvironment(config, hostname, linkVariables(world, container)),
    user: resolveUser(config.User, host.GroupAdd ?? [], world.files.readUserDatabase(parts.rootfs)),
    capabilities,
    seccomp: seccompOf(world, host, security, capabilities),
    apparmorProfile: record.appArmorProfile,
    noNewPrivileges: record.noNewPrivileges,
    // In a user namespace the runtime cannot make them read-only; Docker leaves that to no container of such a daemon.
    writableCgroups: (security.writableCgroups ?? false) || world.remapping !== undefined,
    remapping: remappingOf(world, host),
    rootfs: parts.rootfs,
    hostname,
    cgroupsPath: realtimeCgroupOf(world, record),
    namespaces: chooseNamespaces(world, container, parts),
    sysctls: parts.sysctls,
    ipc: ipcOf(world, container),
    initPath: initPathOf(world, host),
    userMounts: [...parts.mounts.mounts, ...devices.mounts],
    networkFiles: networkFilesOf(world, owner, host.ReadonlyRootfs),
    devices: devices.devices,
    deviceRules: devices.deviceRules,
    deviceEdits: deviceEdits(host.DeviceRequests ?? [], world.devices),
    findDevice: (pathOnHost, path) => {
      const [device] = world.files.devices(pathOnHost, path, 'rwm').devices;
      if (!device) throw new EngineError('unknown', `CDI device injection failed: ${pathOnHost} is no device`);
      return device;
    },
    findBlockDevice: path => world.files.blockDevice(path),
    extraMaskedPaths: world.files.extraMaskedPaths(),
    rlimits: rlimitsOf(world, host),
    rootfsPropagation: parts.mounts.rootfsPropagation,
  };
}

/** A container only gets real-time from what the cgroups above it have. */
function realtimeCgroupOf(world: World, record: ContainerRecord): string {
  const path = cgroupsPathOf(world, record);
  const {cpuRtPeriod: period, cpuRtRuntime: runtime} = world.config;
  if (period !== 0 || runtime !== 0) world.files.allowRealtime(path.slice(0, path.lastIndexOf('/')), period, runtime);
  return path;
}

function seccompOf(
  world: World,
  host: HostConfig,
  {seccomp}: SecurityOptions,
  capabilities: string[],
): LinuxSeccomp | undefined {
  if (host.Privileged || seccomp === 'unconfined') return undefined;
  const profile = seccomp && seccomp !== 'builtin' ? parseSeccompProfile(seccomp) : world.seccompProfile;
  if (!profile) return undefined;
  const {architecture, kernelVersion} = world.facts;
  return resolveSeccomp(profile, {capabilities, architecture, kernelVersion});
}

function ipcOf(world: World, container: Container): SpecInputs['ipc'] {
  const {host, files} = container.record;
  if (host.IpcMode === 'none') return 'none';
  if (host.IpcMode === 'host') return {shm: '/dev/shm'};
  if (host.IpcMode === 'shareable') return {shm: files.shm};
  const other = joinedContainer(world, host.IpcMode);
  if (!other) return 'private';
  return {shm: other.record.host.IpcMode === 'host' ? '/dev/shm' : other.record.files.shm};
}

function initPathOf(world: World, host: HostConfig): string | undefined {
  if (!(host.Init ?? world.config.init)) return undefined;
  if (world.initPath) return world.initPath;
  throw new EngineError('unknown', 'exec: "docker-init": executable file not found in $PATH');
}

function networkFilesOf(world: World, owner: Container, readOnly: boolean): BindMount[] {
  const {resolvConf, hostname, hosts} = owner.record.files;
  const recursiveReadOnly = hasRecursiveReadOnly(world.facts.kernelVersion);
  return Object.entries({'/etc/resolv.conf': resolvConf, '/etc/hostname': hostname, '/etc/hosts': hosts}).map(
    ([destination, source]) => ({
      kind: 'bind',
      source,
      destination,
      readOnly,
      recursiveReadOnly,
      recursive: true,
      propagation: 'rprivate',
    }),
  );
}

interface Devices extends Pick<SpecInputs, 'devices' | 'deviceRules'> {
  /** Where the runtime may not make device nodes it binds those of the host, by the same path: others are bound here. */
  mounts: BindMount[];
}

function devicesOf(world: World, host: HostConfig): Devices {
  if (host.Privileged) return {devices: world.files.allDevices(), deviceRules: [], mounts: []};
  const found = (host.Devices ?? []).map(device => ({
    ...world.files.devices(device.PathOnHost, device.PathInContainer, device.CgroupPermissions),
    isBound: world.config.rootless && device.PathOnHost !== device.PathInContainer,
    from: device,
  }));
  const mounts = found.flatMap(({isBound, devices, from: {PathOnHost, PathInContainer}}) =>
    isBound ? devices.map(({path}) => deviceMount(PathOnHost + path.slice(PathInContainer.length), path)) : [],
  );
  return {
    mounts,
    devices: found.flatMap(({isBound, devices}) => (isBound ? [] : devices)),
    deviceRules: [...found.flatMap(({rules}) => rules), ...(host.DeviceCgroupRules ?? []).map(parseDeviceCgroupRule)],
  };
}

function deviceMount(source: string, destination: string): BindMount {
  return {
    kind: 'bind',
    source,
    destination,
    readOnly: false,
    recursiveReadOnly: false,
    recursive: false,
    propagation: 'rprivate',
  };
}

/** The container's own limits, and those of the daemon that it does not set. */
function rlimitsOf(world: World, host: HostConfig): SpecInputs['rlimits'] {
  const own = (host.Ulimits ?? []).map(({Name, Soft, Hard}) => ({name: Name, soft: Soft, hard: Hard}));
  const inherited = Object.entries(world.config.defaultUlimits).map(([name, limit]) => ({name, ...limit}));
  return [...own, ...inherited.filter(({name}) => !own.some(each => each.name === name))];
}
