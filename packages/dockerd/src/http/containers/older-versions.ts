/** Requests and answers of older API versions, where they differ from what the core works with. */
import type {ContainerInspect, ContainerSummary} from '@longshore/api/engine';
import {shortId} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {CreateRequest} from '../../core/containers/create.ts';
import type {HostConfig, MountRequest} from '../../core/containers/documents/host-config.ts';
import {isContainerMode, isUserDefinedMode} from '../../core/containers/network-mode.ts';
import type {ApiVersion} from '../api-version.ts';

type Endpoints = NonNullable<NonNullable<CreateRequest['networking']>['EndpointsConfig']>;

/** What an older client cannot mean is taken out, and what it could not know gets its old default. */
export function adaptCreateRequest(request: CreateRequest, version: ApiVersion, isCgroup1: boolean): CreateRequest {
  const {config} = request;
  const hasStartInterval = version.atLeast('1.44') || !config.Healthcheck;
  return {
    ...request,
    platform: version.atLeast('1.41') ? request.platform : '',
    config: hasStartInterval
      ? config
      : {...config, Healthcheck: config.Healthcheck && {...config.Healthcheck, StartInterval: 0}},
    host: adaptHostConfig(request.host, version, isCgroup1),
    networking: adaptNetworking(request, version),
  };
}

function adaptHostConfig(host: HostConfig, version: ApiVersion, isCgroup1: boolean): HostConfig {
  return {
    ...host,
    // The client removed the container itself then.
    AutoRemove: host.AutoRemove && version.atLeast('1.25'),
    ...(version.below('1.40') ? {KernelMemoryTCP: 0, IpcMode: host.IpcMode || 'shareable'} : {}),
    ...(version.below('1.41') && isCgroup1 ? {CgroupnsMode: host.CgroupnsMode || 'host'} : {}),
    ...(version.below('1.42') ? {ConsoleSize: [0, 0] as [number, number]} : {KernelMemory: 0}),
    ...(version.below('1.43') ? {Annotations: null} : {}),
    Mounts: host.Mounts?.map(mount => adaptMount(mount, version)) ?? null,
  };
}

function adaptMount(mount: MountRequest, version: ApiVersion): MountRequest {
  const {Type: type, BindOptions: bind, VolumeOptions: volume} = mount;
  if (version.below('1.44') && bind?.ReadOnlyForceRecursive)
    refuse('BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer');
  if (version.below('1.45') && volume?.Subpath) refuse('VolumeOptions.Subpath needs API v1.45 or newer');
  if (version.below('1.48') && type === 'image') refuse('Image mounts needs API v1.48 or newer');
  if (version.atLeast('1.42')) checkOptions(mount);
  if (version.atLeast('1.44')) return mount;
  const noBind = {
    Propagation: '',
    NonRecursive: false,
    CreateMountpoint: false,
    ReadOnlyNonRecursive: false,
    ReadOnlyForceRecursive: false,
  };
  const adaptedBind = {...(bind ?? noBind), ReadOnlyNonRecursive: mount.ReadOnly};
  if (version.below('1.42')) adaptedBind.CreateMountpoint = false;
  if (version.below('1.40')) adaptedBind.NonRecursive = false;
  const isOld = version.below('1.42');
  return {
    ...mount,
    BindOptions: type === 'bind' ? adaptedBind : bind,
    VolumeOptions: isOld && type !== 'volume' ? null : volume,
    TmpfsOptions: isOld && type !== 'tmpfs' ? null : mount.TmpfsOptions,
  };
}

function checkOptions({Type: type, BindOptions, VolumeOptions, TmpfsOptions}: MountRequest): void {
  const misplaced = (name: string) => refuse(`${name} must not be specified on mount type ${JSON.stringify(type)}`);
  if (VolumeOptions && type !== 'volume') misplaced('VolumeOptions');
  if (BindOptions && type !== 'bind') misplaced('BindOptions');
  if (TmpfsOptions && type !== 'tmpfs') misplaced('TmpfsOptions');
}

function adaptNetworking({networking, config}: CreateRequest, version: ApiVersion): CreateRequest['networking'] {
  const endpoints = networking?.EndpointsConfig;
  if (!endpoints) return networking;
  const names = Object.keys(endpoints);
  if (version.below('1.44') && names.length > 1) {
    refuse(`Container cannot be created with multiple network endpoints: ${names.join(', ')}`);
  }
  const change = (each: Endpoints[string]) => ({
    ...each,
    ...(version.below('1.48') ? {GwPriority: 0} : {}),
    // Before 1.44 only the address in the Config counted.
    ...(version.below('1.44') && config.MacAddress === '' ? {MacAddress: ''} : {}),
  });
  return {EndpointsConfig: Object.fromEntries(names.map(name => [name, change(endpoints[name] as Endpoints[string])]))};
}

/** Since 1.44 the address of the container as a whole is out of date: the answer to a create says so. */
export function createWarnings({config, host}: CreateRequest, version: ApiVersion): string[] {
  if (version.below('1.44') || config.MacAddress === '') return [];
  if (isContainerMode(host.NetworkMode) || ['host', 'none'].includes(host.NetworkMode)) return [];
  return ['The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead.'];
}

export function adaptInspect(answer: ContainerInspect, version: ApiVersion): ContainerInspect {
  const {ImageManifestDescriptor: manifest, ...rest} = answer;
  const withManifest = version.atLeast('1.48') && manifest ? {ImageManifestDescriptor: manifest} : {};
  if (version.atLeast('1.45')) return {...rest, ...withManifest};
  const {Networks: networks} = answer.NetworkSettings;
  const own = [shortId(answer.Id), answer.Config.Hostname ?? ''];
  const adapted = Object.entries(networks ?? {}).map(([name, endpoint]) => {
    if (!isUserDefinedMode(name)) return [name, endpoint];
    return [name, {...endpoint, Aliases: [...new Set([...(endpoint.Aliases ?? []), ...own])]}];
  });
  return {...rest, NetworkSettings: {...answer.NetworkSettings, Networks: Object.fromEntries(adapted)}};
}

export function adaptSummary(row: ContainerSummary, version: ApiVersion): ContainerSummary {
  const {ImageManifestDescriptor: manifest, ...rest} = row;
  const {Annotations: annotations, ...host} = row.HostConfig ?? {};
  return {
    ...rest,
    ...(version.atLeast('1.48') && manifest ? {ImageManifestDescriptor: manifest} : {}),
    HostConfig: version.atLeast('1.46') && annotations ? {...host, Annotations: annotations} : host,
  };
}

function refuse(message: string): never {
  throw new EngineError('invalid-argument', message);
}
