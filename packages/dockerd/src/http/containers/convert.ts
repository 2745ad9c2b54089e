/** Container records → the JSON of an inspect. */
import type {ContainerInspect, ContainerState, MountPoint as MountJson} from '@longshore/api/engine';
import type {Container} from '../../core/containers/container.ts';
import {containerConfig} from '../../core/containers/documents/container-config.ts';
import {hostConfig} from '../../core/containers/documents/host-config.ts';
import {endpointSettings, type NetworkSettings, portMap} from '../../core/containers/documents/network-settings.ts';
import type {MountPoint} from '../../core/containers/mount-point.ts';
import type {ContainerRecord, HealthRecord} from '../../core/containers/record.ts';
import {exitCodeOf, hasProcess, isRunning, lastRunOf, pidOf, startedAtOf} from '../../core/containers/state.ts';
import {formatNano, zeroTime} from '../../core/time.ts';

export function inspectToJson(
  container: Container,
  links: string[] | null,
  sizes: {own: number; total: number} | undefined,
): ContainerInspect {
  const {record} = container;
  const {imageManifest: manifest} = record;
  const files = shownFilesOf(record);
  const {os, architecture, variant} = record.imagePlatform;
  const platform = {architecture, os, ...(variant ? {variant} : {})};
  const execIds = [...container.execs.values()].filter(({state}) => state.status !== 'exited').map(({id}) => id);
  return {
    Id: record.id,
    Created: formatNano(record.created),
    Path: record.path,
    Args: record.args,
    State: stateToJson(container),
    Image: record.image,
    ResolvConfPath: files.resolvConf,
    HostnamePath: files.hostname,
    HostsPath: files.hosts,
    LogPath: files.log,
    Name: record.name,
    RestartCount: record.restartCount,
    Driver: record.driver,
    Platform: os,
    ...(manifest ? {ImageManifestDescriptor: {...manifest, platform}} : {}),
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: record.appArmorProfile,
    ExecIDs: execIds.length > 0 ? execIds : null,
    HostConfig: hostConfig.encode({...record.host, Links: links}) as ContainerInspect['HostConfig'],
    GraphDriver: {Data: null, Name: record.driver},
    ...(sizes ? {SizeRw: sizes.own, SizeRootFs: sizes.total} : {}),
    Mounts: mountsToJson(record.mounts),
    Config: containerConfig.encode({
      ...record.config,
      MacAddress: wantedMacAddress(record),
    }) as ContainerInspect['Config'],
    NetworkSettings: networkToJson(record.network),
  };
}

/** Docker makes these files at the first start, and shows them from then on. */
function shownFilesOf({state, hasBeenStarted, files}: ContainerRecord): ContainerRecord['files'] {
  const isUntouched = !hasBeenStarted && state.status === 'created' && state.error === '';
  return isUntouched ? {hostname: '', hosts: '', resolvConf: '', log: '', shm: ''} : files;
}

/** The address that was asked for on the main network: the old field of the Config shows it. */
function wantedMacAddress({host, network}: ContainerRecord): string {
  return network.Networks?.[host.NetworkMode]?.DesiredMacAddress ?? '';
}

function stateToJson(container: Container): ContainerState {
  const {state, status, record} = container;
  const last = lastRunOf(state);
  const startedAt = startedAtOf(state);
  return {
    Status: status,
    Running: isRunning(state),
    Paused: state.status === 'paused',
    Restarting: state.status === 'restarting',
    OOMKilled: hasProcess(state) ? state.oomKilled : (last?.oomKilled ?? false),
    Dead: state.status === 'dead',
    Pid: pidOf(state),
    ExitCode: exitCodeOf(state),
    Error: state.status === 'created' ? state.error : hasProcess(state) ? '' : (last?.error ?? ''),
    StartedAt: startedAt === undefined ? zeroTime : formatNano(startedAt),
    FinishedAt: last === undefined ? zeroTime : formatNano(last.finishedAt),
    ...(record.health ? {Health: healthToJson(record.health)} : {}),
  };
}

function healthToJson({status, failingStreak, log}: HealthRecord): NonNullable<ContainerState['Health']> {
  const results = log.map(({start, end, exitCode, output}) => ({
    Start: formatNano(start),
    End: formatNano(end),
    ExitCode: exitCode,
    Output: output,
  }));
  return {Status: status, FailingStreak: failingStreak, Log: results};
}

export function mountsToJson(mounts: Record<string, MountPoint>): MountJson[] {
  return Object.keys(mounts)
    .sort()
    .map(destination => mountToJson(mounts[destination] as MountPoint));
}

function mountToJson(mount: MountPoint): MountJson {
  return {
    Type: mount.Type as MountJson['Type'],
    ...(mount.Name ? {Name: mount.Name} : {}),
    Source: mount.Source,
    Destination: mount.Destination,
    ...(mount.Driver ? {Driver: mount.Driver} : {}),
    Mode: mount.Relabel,
    RW: mount.RW,
    Propagation: mount.Propagation as MountJson['Propagation'],
  };
}

/** The flat address fields repeat the endpoint on the default bridge. */
function networkToJson(network: NetworkSettings): ContainerInspect['NetworkSettings'] {
  const bridge = network.Networks?.bridge;
  return {
    Bridge: network.Bridge,
    SandboxID: network.SandboxID,
    SandboxKey: network.SandboxKey,
    Ports: (portMap.encode(network.Ports) ?? {}) as ContainerInspect['NetworkSettings']['Ports'],
    HairpinMode: network.HairpinMode,
    LinkLocalIPv6Address: network.LinkLocalIPv6Address,
    LinkLocalIPv6PrefixLen: network.LinkLocalIPv6PrefixLen,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: bridge?.EndpointID ?? '',
    Gateway: bridge?.Gateway ?? '',
    GlobalIPv6Address: bridge?.GlobalIPv6Address ?? '',
    GlobalIPv6PrefixLen: bridge?.GlobalIPv6PrefixLen ?? 0,
    IPAddress: bridge?.IPAddress ?? '',
    IPPrefixLen: bridge?.IPPrefixLen ?? 0,
    IPv6Gateway: bridge?.IPv6Gateway ?? '',
    MacAddress: bridge?.MacAddress ?? '',
    Networks: endpointsToJson(network),
  };
}

export function endpointsToJson(network: NetworkSettings): ContainerInspect['NetworkSettings']['Networks'] {
  const entries = Object.entries(network.Networks ?? {}).map(([name, each]) => [name, endpointSettings.encode(each)]);
  return Object.fromEntries(entries);
}
