/** System domain objects → Engine JSON. */
import type {Commit, ComponentVersion, EventMessage, SystemInfo, SystemVersion} from '@longshore/api/engine';
import {buildTime, engineApiVersion, engineMinApiVersion, engineVersion, gitCommit} from '@longshore/base';
import {parseGenericResources} from '../../config/generic-resources.ts';
import {cgroupDriverOf} from '../../core/containers/cgroup-path.ts';
import {type EngineEvent, nowNano} from '../../core/events/event-bus.ts';
import {logDriverNames} from '../../core/logs/options/verify.ts';
import type {DaemonInfo, DaemonVersions} from '../../core/system/backend.ts';
import {formatNano} from '../../core/time.ts';
import type {ApiVersion} from '../api-version.ts';

/** The engine is not written in Go; clients print this field all the same. */
const implementation = `node ${process.versions.node}`;
const loopbackRegistries = ['::1/128', '127.0.0.0/8'];

export function versionToJson({host, experimental, components}: DaemonVersions): SystemVersion {
  const engine: ComponentVersion = {
    Name: 'Engine',
    Version: engineVersion,
    Details: {
      ApiVersion: engineApiVersion,
      Arch: host.architecture,
      BuildTime: buildTime,
      Experimental: String(experimental),
      GitCommit: gitCommit,
      GoVersion: implementation,
      KernelVersion: host.kernelVersion,
      MinAPIVersion: engineMinApiVersion,
      Os: 'linux',
    },
  };
  const others = components.map(({name, version, gitCommit: commit}) => ({
    Name: name,
    Version: version,
    Details: {GitCommit: commit},
  }));
  return {
    Platform: {Name: 'Longshore'},
    Components: [engine, ...others],
    Version: engineVersion,
    ApiVersion: engineApiVersion,
    MinAPIVersion: engineMinApiVersion,
    GitCommit: gitCommit,
    GoVersion: implementation,
    Os: 'linux',
    Arch: host.architecture,
    KernelVersion: host.kernelVersion,
    ...(experimental ? {Experimental: true} : {}),
    BuildTime: buildTime,
  };
}

/** Clients before API 1.49 also compare each commit with one that was expected: the one that there is. */
export function adaptInfo(info: SystemInfo, version: ApiVersion): SystemInfo {
  if (version.atLeast('1.49')) return info;
  const withExpected = ({ID}: Commit): Commit => ({ID, Expected: ID});
  const {SecurityOptions: options} = info;
  return {
    ...info,
    ...(version.below('1.25') ? {SecurityOptions: options?.map(nameOfOption) ?? null} : {}),
    ContainerdCommit: withExpected(info.ContainerdCommit),
    RuncCommit: withExpected(info.RuncCommit),
    InitCommit: withExpected(info.InitCommit),
  };
}

/** `seccomp` out of `name=seccomp,profile=builtin`: before API 1.25 an option was its name. */
const nameOfOption = (option: string): string => option.replace(/^name=/, '').replace(/,.*/, '');

export function infoToJson(info: DaemonInfo): SystemInfo {
  return {...countsToJson(info), ...hostToJson(info), ...daemonToJson(info)};
}

function countsToJson({engineId, config, snapshotter, containers, images}: DaemonInfo) {
  return {
    ID: engineId,
    Containers: containers.total,
    ContainersRunning: containers.running,
    ContainersPaused: containers.paused,
    ContainersStopped: containers.stopped,
    Images: images,
    Driver: snapshotter,
    DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']] as [string, string][],
    Plugins: {
      Volume: ['local'],
      Network: ['bridge', 'host', 'null'],
      Authorization: config.authorizationPlugins.length > 0 ? [...config.authorizationPlugins] : null,
      Log: [...logDriverNames],
    },
  };
}

function hostToJson({config, host, ipv4Forwarding, openFiles, jobs, eventSubscribers}: DaemonInfo) {
  const {cgroup} = host;
  return {
    MemoryLimit: cgroup.memoryLimit,
    SwapLimit: cgroup.swapLimit,
    ...(cgroup.kernelMemoryTcp ? {KernelMemoryTCP: true} : {}),
    CpuCfsPeriod: cgroup.cpuCfs,
    CpuCfsQuota: cgroup.cpuCfs,
    CPUShares: cgroup.cpuShares,
    CPUSet: cgroup.cpuset,
    PidsLimit: cgroup.pids,
    IPv4Forwarding: ipv4Forwarding,
    Debug: config.debug,
    NFd: openFiles,
    OomKillDisable: cgroup.oomKillDisable,
    NGoroutines: jobs,
    SystemTime: formatNano(nowNano()),
    LoggingDriver: config.logDriver,
    CgroupDriver: cgroupDriverOf(config, host),
    CgroupVersion: String(cgroup.version) as '1' | '2',
    NEventsListener: eventSubscribers,
    KernelVersion: host.kernelVersion,
    OperatingSystem: host.operatingSystem,
    OSVersion: host.osVersion,
    OSType: 'linux',
    Architecture: host.machine,
  };
}

function daemonToJson({
  config,
  host,
  hostname,
  isRemapped,
  containerdAddress,
  proxies,
  runtimes,
  versions,
  initBinary,
  warnings,
}: DaemonInfo) {
  const commit = (name: string) => ({ID: versions.find(each => each.name === name)?.gitCommit ?? ''});
  return {
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: registryConfig(config.insecureRegistries, config.registryMirrors),
    NCPU: host.cpus,
    MemTotal: host.memoryBytes,
    GenericResources:
      config.nodeGenericResources.length > 0 ? parseGenericResources(config.nodeGenericResources) : null,
    DockerRootDir: config.dataRoot,
    HttpProxy: proxies.httpProxy,
    HttpsProxy: proxies.httpsProxy,
    NoProxy: proxies.noProxy,
    Name: hostname,
    Labels: [...new Set(config.labels)],
    ExperimentalBuild: config.experimental,
    ServerVersion: engineVersion,
    Runtimes: Object.fromEntries(Object.entries(runtimes).map(([name, each]) => [name, runtimeToJson(each)])),
    DefaultRuntime: config.defaultRuntime,
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive' as const,
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    LiveRestoreEnabled: config.liveRestore,
    Isolation: '' as const,
    InitBinary: initBinary,
    ContainerdCommit: commit('containerd'),
    RuncCommit: commit('runc'),
    InitCommit: commit('docker-init'),
    SecurityOptions: securityOptions(host, config, isRemapped),
    FirewallBackend: {Driver: 'iptables'},
    CDISpecDirs: config.cdiSpecDirs.filter(each => each !== ''),
    Containerd: {
      Address: containerdAddress,
      Namespaces: {Containers: config.containerdNamespace, Plugins: config.containerdPluginsNamespace},
    },
    Warnings: warnings.length > 0 ? warnings : null,
  };
}

function registryConfig(insecure: readonly string[], mirrors: readonly string[]) {
  const mirrorUrls = mirrors.map(each => (each.endsWith('/') ? each : `${each}/`));
  const networks = insecure.filter(each => each.includes('/'));
  const hosts = insecure.filter(each => !each.includes('/'));
  const index = (name: string, official: boolean) => ({
    Mirrors: official ? mirrorUrls : [],
    Name: name,
    Official: official,
    Secure: official,
  });
  return {
    IndexConfigs: Object.fromEntries([
      ...hosts.map(host => [host, index(host, false)]),
      ['docker.io', index('docker.io', true)],
    ]),
    InsecureRegistryCIDRs: [...networks, ...loopbackRegistries],
    Mirrors: mirrorUrls.length > 0 ? mirrorUrls : null,
  };
}

function runtimeToJson({path, runtimeArgs, runtimeType, options, features}: DaemonInfo['runtimes'][string]) {
  return {
    ...(path ? {path} : {}),
    ...(runtimeArgs.length > 0 ? {runtimeArgs} : {}),
    ...(runtimeType ? {runtimeType} : {}),
    ...(Object.keys(options).length > 0 ? {options} : {}),
    ...(features ? {status: {'org.opencontainers.runtime-spec.features': features}} : {}),
  };
}

function securityOptions(host: DaemonInfo['host'], config: DaemonInfo['config'], isRemapped: boolean): string[] {
  const {seccomp, apparmor, selinux, cgroup} = host;
  return [
    ...(apparmor ? ['name=apparmor'] : []),
    ...(seccomp ? [`name=seccomp,profile=${config.seccompProfile}`] : []),
    ...(selinux && config.selinuxEnabled ? ['name=selinux'] : []),
    ...(isRemapped ? ['name=userns'] : []),
    ...(config.rootless ? ['name=rootless'] : []),
    ...(cgroup.version === 2 ? ['name=cgroupns'] : []),
    ...(config.noNewPrivileges ? ['name=no-new-privileges'] : []),
  ];
}

/** One event as a JSON text: its nanoseconds do not fit a JavaScript number. */
export function eventToJson({type, action, actor, timeNano}: EngineEvent): string {
  const {image} = actor.attributes;
  const old = {
    container: {status: action, id: actor.id, ...(image === undefined ? {} : {from: image})},
    image: {status: action, id: actor.id},
  }[type as string];
  const message: Omit<EventMessage, 'timeNano'> = {
    ...old,
    Type: type,
    Action: action,
    Actor: {ID: actor.id, Attributes: sortKeys(actor.attributes)},
    scope: 'local',
    time: Number(timeNano / 1_000_000_000n),
  };
  return `${JSON.stringify(message).slice(0, -1)},"timeNano":${timeNano}}\n`;
}

function sortKeys(attributes: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}
