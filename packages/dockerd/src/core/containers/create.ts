/** POST /containers/create: from a request to a container on disk with a file system of its own. */
import {join} from 'node:path';
import {type CallContext, randomId, Scope, shortId} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {nowNano} from '../events/event-bus.ts';
import type {ResolvedImage} from '../ports/image-service.ts';
import {verifyCgroupParent} from './cgroup-path.ts';
import {Container} from './container.ts';
import {applyHostDefaults} from './defaults.ts';
import type {ContainerConfig} from './documents/container-config.ts';
import type {HostConfig} from './documents/host-config.ts';
import {
  type EndpointSettings,
  endpointSettings,
  type NetworkingConfig,
  type NetworkSettings,
  networkSettings,
} from './documents/network-settings.ts';
import {addLink, resolveLinks} from './links/links.ts';
import {mergeImageConfig} from './merge-image.ts';
import {collectMounts} from './mounts/collect.ts';
import {populateVolumes} from './mounts/populate.ts';
import {provideMounts} from './mounts/provide.ts';
import {checkName, randomName} from './names.ts';
import {joinedContainer} from './namespaces.ts';
import {isContainerMode} from './network-mode.ts';
import {type ContainerFiles, type ContainerRecord, commandOf} from './record.ts';
import {rootfsSizeLimit} from './size-limit.ts';
import {parseSecurityOptions} from './spec/security-options.ts';
import {verifyConfig} from './verify/config.ts';
import {verifyHostConfig, verifyRemapped} from './verify/host.ts';
import {verifyLimits} from './verify/limits.ts';
import {networkWarnings, verifyNetworkMode} from './verify/network-mode.ts';
import {publishContainerEvent, remappingOf, saveContainer, type World} from './world.ts';

export interface CreateRequest {
  /** Empty to get one. */
  name: string;
  /** `os/arch`, or empty. */
  platform: string;
  config: ContainerConfig;
  host: HostConfig;
  networking: NetworkingConfig | undefined;
  /** Read-only binds of `-v` stay writable below: what clients before API 1.44 expect. */
  isReadOnlyTopOnly: boolean;
}

export interface CreateResult {
  id: string;
  warnings: string[];
}

/** Throws Docker's messages; on failure nothing is left. */
export async function createContainer(world: World, ctx: CallContext, request: CreateRequest): Promise<CreateResult> {
  if (request.name !== '') checkName(request.name);
  verifyNetworkMode(request.config, request.host);
  const image =
    request.config.Image === '' ? undefined : await world.images.resolve(ctx, request.config.Image, request.platform);
  const config = image ? mergeImageConfig(request.config, image.config) : requireCommand(request.config);
  verifyConfig(config);
  const mode = networkModeOf(world, request.host);
  const host = {...applyHostDefaults(request.host, world.config, world.facts), NetworkMode: mode};
  verifyHostConfig(host, world.runtimes);
  if (world.remapping) verifyRemapped(host);
  verifyCgroupParent(host.CgroupParent, world.config, world.facts);
  resolveJoins(world, host);
  const links = resolveLinks(world, host);
  const warnings = [...verifyLimits(host, world.facts, false), ...networkWarnings(host)];
  const endpoints = world.networks.validateEndpoints(mode, withMacAddress(config, mode, request.networking));
  if (!image) throw new EngineError('invalid-argument', 'no image specified');
  await using scope = new Scope(ctx.log);
  const id = randomId();
  const name = reserveName(world, id, request.name, scope);
  const record = makeRecord(world, {id, name, config, host, image, endpoints});
  const size = rootfsSizeLimit(host.StorageOpt ?? {}, world.config.storageOptions);
  await world.rootfs.prepare(ctx, id, image.chainId, size);
  scope.defer(`remove snapshot ${id}`, () => world.rootfs.remove(world.background, id));
  await provideFiles(world, ctx, record, request, scope);
  const container = new Container(record);
  await saveContainer(world, container);
  scope.release();
  world.registry.add(container);
  for (const link of links) addLink(world, container, link);
  publishContainerEvent(world, container, 'create');
  return {id, warnings};
}

function requireCommand(config: ContainerConfig): ContainerConfig {
  if (!config.Entrypoint?.length && !config.Cmd?.length) {
    throw new EngineError('invalid-argument', 'no command specified');
  }
  return config;
}

/** As the request has it, but for `default`, which is the bridge, and containers, which are named by id. */
function networkModeOf(world: World, {NetworkMode: mode}: HostConfig): string {
  if (mode === '' || mode === 'default') return 'bridge';
  if (!isContainerMode(mode)) return mode;
  try {
    return `container:${world.registry.find(mode.slice('container:'.length)).id}`;
  } catch (error) {
    if (!isErrorCode(error, 'not-found')) throw error;
    return mode; // Docker finds out at the start
  }
}

/** IPC and PID namespaces of another container are named by id in the record. Throws when there is no such container. */
function resolveJoins(world: World, host: HostConfig): void {
  for (const field of ['IpcMode', 'PidMode'] as const) {
    const other = joinedContainer(world, host[field]);
    if (other) host[field] = `container:${other.id}`;
  }
}

/** Since API 1.44 the address belongs to the endpoint; older requests have it in the Config. */
function withMacAddress(
  {MacAddress: address}: ContainerConfig,
  mode: string,
  networking: NetworkingConfig | undefined,
): NetworkingConfig | undefined {
  if (address === '') return networking;
  const endpoints = networking?.EndpointsConfig ?? {};
  const own = endpoints[mode] ?? endpoints.default ?? endpointSettings.zero();
  return {EndpointsConfig: {...endpoints, [mode]: {...own, MacAddress: own.MacAddress || address}}};
}

function reserveName(world: World, id: string, wanted: string, scope: Scope): string {
  let name = wanted === '' ? '' : checkName(wanted);
  for (let attempt = 0; name === ''; attempt++) {
    const candidate = attempt < 10 ? `/${randomName(attempt)}` : `/${shortId(id)}`;
    if (world.registry.isNameFree(candidate)) name = candidate;
  }
  world.registry.reserveName(name, id);
  scope.defer(`release name ${name}`, () => world.registry.releaseName(name, id));
  return name;
}

interface RecordParts {
  id: string;
  name: string;
  config: ContainerConfig;
  host: HostConfig;
  image: ResolvedImage;
  endpoints: Record<string, EndpointSettings>;
}

function makeRecord(world: World, {id, name, config, host, image, endpoints}: RecordParts): ContainerRecord {
  const hostname = config.Hostname || (host.NetworkMode === 'host' ? world.files.hostname() : shortId(id));
  const {noNewPrivileges, apparmor = '', seccomp = ''} = parseSecurityOptions(host.SecurityOpt ?? []);
  return {
    id,
    created: nowNano(),
    name,
    ...commandOf(config),
    config: {...config, Hostname: hostname, MacAddress: ''},
    host,
    image: image.id,
    imagePlatform: image.platform,
    imageManifest: image.manifest,
    driver: world.snapshotter,
    state: {status: 'created', exitCode: 0, error: ''},
    health: undefined,
    network: makeNetworkSettings(endpoints),
    mounts: {},
    restartCount: 0,
    hasBeenStarted: false,
    manuallyStopped: false,
    removing: false,
    noNewPrivileges: noNewPrivileges ?? world.config.noNewPrivileges,
    appArmorProfile: apparmor,
    seccompProfile: seccomp,
    files: filesOf(world.store.directory(id), id, host),
  };
}

function makeNetworkSettings(endpoints: Record<string, EndpointSettings>): NetworkSettings {
  const stored = Object.entries(endpoints).map(([name, endpoint]) => [
    name,
    {...endpoint, IPAMOperational: false, DesiredMacAddress: endpoint.MacAddress},
  ]);
  return {...networkSettings.zero(), Networks: Object.fromEntries(stored), Ports: {}};
}

function filesOf(directory: string, id: string, host: HostConfig): ContainerFiles {
  return {
    hostname: join(directory, 'hostname'),
    hosts: join(directory, 'hosts'),
    resolvConf: join(directory, 'resolv.conf'),
    log: host.LogConfig.Type === 'json-file' ? join(directory, `${id}-json.log`) : '',
    shm: host.IpcMode === 'shareable' ? join(directory, 'mounts/shm') : '',
  };
}

/** Mounts and the working directory: only containers that have them need their rootfs at create. */
async function provideFiles(
  world: World,
  ctx: CallContext,
  record: ContainerRecord,
  {isReadOnlyTopOnly}: Pick<CreateRequest, 'isReadOnlyTopOnly'>,
  scope: Scope,
): Promise<void> {
  scope.defer(`remove record ${record.id}`, () => world.store.remove(record.id));
  const wanted = collectMounts(record.config, record.host, {
    registry: world.registry,
    isReadOnlyTopOnly,
    daemonRoot: world.config.dataRoot,
  });
  record.mounts = await provideMounts(world, ctx, record.id, wanted, scope);
  const hasVolumes = Object.values(record.mounts).some(({Type, CopyData}) => Type === 'volume' && CopyData);
  const hasWorkingDirectory = !['', '/'].includes(record.config.WorkingDir);
  if (!hasVolumes && !hasWorkingDirectory) return;
  const remapping = remappingOf(world, record.host);
  const root = await world.rootfs.mount(ctx, record.id, remapping !== undefined);
  try {
    if (hasWorkingDirectory) world.files.makeDirectoryInside(root, record.config.WorkingDir, remapping?.root);
    if (hasVolumes) await populateVolumes(world, ctx, record, root);
  } finally {
    await world.rootfs.unmount(record.id);
  }
}
