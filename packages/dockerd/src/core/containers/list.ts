/** Which containers a list request shows. */
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {type Filters, invalidFilter} from '../filters/filters.ts';
import type {Container} from './container.ts';
import type {ContainerRegistry} from './registry.ts';
import {exitCodeOf, isRunning} from './state.ts';

export interface ListOptions {
  /** Also those that do not run. */
  all: boolean;
  /** The last n created, whatever their state; 0 for no limit. */
  limit: number;
  filters: Filters;
}

const keys = [
  'ancestor',
  'before',
  'exited',
  'expose',
  'health',
  'id',
  'isolation',
  'is-task',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
];
const statuses = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];
const healths = ['starting', 'healthy', 'unhealthy', 'none'];

/** Newest first. `imageIds` are the ids that the `ancestor` filters stand for. Throws Docker's messages. */
export function listContainers(
  registry: ContainerRegistry,
  options: ListOptions,
  imageIds: ReadonlySet<string>,
): Container[] {
  const {filters} = options;
  check(filters);
  const before = boundary(registry, filters, 'before');
  const since = boundary(registry, filters, 'since');
  const showAll =
    options.all || options.limit > 0 || ['status', 'exited', 'before', 'since'].some(key => filters.has(key));
  const sorted = registry.all.sort((a, b) => (a.record.created > b.record.created ? -1 : 1));
  const found = sorted.filter(container => {
    const {created} = container.record;
    if (before !== undefined && created >= before) return false;
    if (since !== undefined && created <= since) return false;
    return (showAll || isRunning(container.state)) && matches(container, filters, imageIds);
  });
  return options.limit > 0 ? found.slice(0, options.limit) : found;
}

function check(filters: Filters): void {
  filters.allow(...keys);
  for (const value of filters.get('status')) {
    if (!statuses.includes(value)) {
      throw invalidFilter(
        `status=${value}`,
        `invalid value for state (${value}): must be one of ${statuses.join(', ')}`,
      );
    }
  }
  for (const value of filters.get('health')) {
    if (!healths.includes(value)) {
      throw invalidFilter(
        `health=${value}`,
        `invalid value for health (${value}): must be one of ${healths.join(', ')}`,
      );
    }
  }
  for (const value of filters.get('exited')) if (!/^-?\d+$/.test(value)) throw invalidFilter(`exited=${value}`);
}

function boundary(registry: ContainerRegistry, filters: Filters, key: 'before' | 'since'): bigint | undefined {
  const [reference] = filters.get(key);
  if (reference === undefined) return undefined;
  try {
    return registry.find(reference).record.created;
  } catch (error) {
    if (!isErrorCode(error, 'not-found')) throw error;
    throw new EngineError('not-found', `No such container: ${reference}`, {cause: error});
  }
}

function matches(container: Container, filters: Filters, imageIds: ReadonlySet<string>): boolean {
  const {record, state} = container;
  const mounts = Object.values(record.mounts);
  const networks = Object.entries(record.network.Networks ?? {});
  const any = (key: string, test: (value: string) => boolean) => !filters.has(key) || filters.get(key).some(test);
  return (
    filters.matchPattern('id', container.id) &&
    any('name', value => matchesName(record.name, value)) &&
    filters.matchExact('status', container.status) &&
    any('exited', value => state.status === 'exited' && exitCodeOf(state) === Number(value)) &&
    filters.matchExact('health', record.health?.status ?? 'none') &&
    filters.matchLabels('label', record.config.Labels) &&
    any('volume', value =>
      mounts.some(mount => mount.Name === value || mount.Destination === value || mount.Source === value),
    ) &&
    any('network', value =>
      networks.some(([name, endpoint]) => name === value || endpoint.NetworkID.startsWith(value)),
    ) &&
    any('ancestor', value => imageIds.has(record.image) || record.config.Image === value) &&
    any('publish', value => hasPort(Object.keys(record.host.PortBindings ?? {}), value)) &&
    any('expose', value => hasPort(Object.keys(record.config.ExposedPorts ?? {}), value)) &&
    any('is-task', value => value === 'false')
  );
}

/** With or without the slash that names have on disk; the value is a text or a regular expression. */
function matchesName(name: string, value: string): boolean {
  const bare = name.slice(1);
  if (bare === value || name === value) return true;
  try {
    const pattern = new RegExp(value);
    return pattern.test(name) || pattern.test(bare);
  } catch {
    return false; // a text that is no regular expression only matches itself
  }
}

/** `80`, `80/tcp` or `8000-8010/tcp` against ports as `80/tcp`. */
function hasPort(ports: string[], value: string): boolean {
  const [range = '', protocol = 'tcp'] = value.split('/');
  const [first, last = first] = range.split('-').map(Number);
  return ports.some(port => {
    const [number, kind] = port.split('/');
    return kind === protocol && Number(number) >= (first ?? 0) && Number(number) <= (last ?? 0);
  });
}
