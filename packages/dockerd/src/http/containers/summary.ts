/** Container records → the elements of a list. */
import type {ContainerSummary, Port} from '@longshore/api/engine';
import type {Container} from '../../core/containers/container.ts';
import type {NetworkSettings} from '../../core/containers/documents/network-settings.ts';
import type {ContainerRecord} from '../../core/containers/record.ts';
import {exitCodeOf, hasProcess} from '../../core/containers/state.ts';
import {humanDuration} from '../../core/duration.ts';
import {endpointsToJson, mountsToJson} from './convert.ts';

/** `linkNames` are names that other containers have for it. */
export function summaryToJson(
  container: Container,
  linkNames: readonly string[],
  sizes: {own: number; total: number} | undefined,
): ContainerSummary {
  const {record} = container;
  const {imageManifest: manifest} = record;
  const annotations = record.host.Annotations;
  return {
    Id: record.id,
    Names: [record.name, ...linkNames],
    Image: record.config.Image,
    ImageID: record.image,
    ...(manifest ? {ImageManifestDescriptor: {...manifest, platform: record.imagePlatform}} : {}),
    Command: commandText(record),
    Created: Number(record.created / 1_000_000_000n),
    Ports: portsOf(record),
    ...(sizes?.own ? {SizeRw: sizes.own} : {}),
    ...(sizes?.total ? {SizeRootFs: sizes.total} : {}),
    Labels: record.config.Labels ?? {},
    State: container.status,
    Status: statusText(container),
    HostConfig: {NetworkMode: record.host.NetworkMode, ...(annotations ? {Annotations: annotations} : {})},
    NetworkSettings: {Networks: endpointsOf(record.network)},
    Mounts: mountsToJson(record.mounts),
  };
}

/** A list shows no names of endpoints. */
function endpointsOf(network: NetworkSettings): NonNullable<ContainerSummary['NetworkSettings']>['Networks'] {
  const entries = Object.entries(endpointsToJson(network) ?? {});
  return Object.fromEntries(
    entries.map(([name, each]) => [name, {...each, Aliases: null, Links: null, DNSNames: null}]),
  );
}

function commandText({path, args}: ContainerRecord): string {
  return [path, ...args.map(arg => (arg.includes(' ') ? `'${arg}'` : arg))].join(' ');
}

/** `Up 5 minutes (healthy)`, `Exited (0) 3 seconds ago`, `Created`. */
export function statusText(container: Container, now = Date.now()): string {
  const {state, record} = container;
  const ago = (nano: bigint) => humanDuration(now - Number(nano / 1_000_000n));
  if (container.status === 'removing') return 'Removal In Progress';
  if (state.status === 'dead') return 'Dead';
  if (state.status === 'created') return 'Created';
  if (state.status === 'restarting') return `Restarting (${state.last.exitCode}) ${ago(state.last.finishedAt)} ago`;
  if (!hasProcess(state)) return `Exited (${exitCodeOf(state)}) ${ago(state.last.finishedAt)} ago`;
  const up = `Up ${ago(state.startedAt)}`;
  if (state.status === 'paused') return `${up} (Paused)`;
  const health = record.health?.status;
  if (health === 'starting') return `${up} (health: starting)`;
  return health === 'healthy' || health === 'unhealthy' ? `${up} (${health})` : up;
}

/** Published ports with their host side, the others without. */
function portsOf({network}: ContainerRecord): Port[] {
  return Object.entries(network.Ports ?? {})
    .sort(([a], [b]) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1))
    .flatMap(([port, bindings]): Port[] => {
      const [number = '0', type = 'tcp'] = port.split('/');
      const own = {PrivatePort: Number(number), Type: type as Port['Type']};
      if (!bindings?.length) return [own];
      return bindings.map(({HostIp, HostPort}) => ({IP: HostIp, ...own, PublicPort: Number(HostPort)}));
    });
}
