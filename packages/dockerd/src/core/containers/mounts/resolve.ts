/** At a start: mount points → host paths that can be bound, with volumes mounted and missing directories made. */
import type {CallContext, Scope} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {Container} from '../container.ts';
import type {MountPoint} from '../mount-point.ts';
import type {BindMount, UserMount} from '../spec/mounts.ts';
import {remappingOf, type World} from '../world.ts';
import {tmpfsOptionsOf} from './tmpfs-options.ts';

export interface ResolvedMounts {
  mounts: UserMount[];
  /** `rshared` or `rslave` when a mount needs the rootfs to be so; empty otherwise. */
  rootfsPropagation: string;
}

/** `scope` unmounts the volumes again if the start fails. */
export async function resolveMounts(
  world: World,
  ctx: CallContext,
  container: Container,
  scope: Scope,
): Promise<ResolvedMounts> {
  const {record} = container;
  const mounts: UserMount[] = Object.entries(record.host.Tmpfs ?? {}).map(([destination, options]) => ({
    kind: 'tmpfs',
    destination,
    options: options.split(',').filter(Boolean),
  }));
  let rootfsPropagation = '';
  scope.defer(`unmount parts of ${container.id}`, () => world.parts.unmount(container.id));
  for (const point of Object.values(record.mounts)) {
    if (point.Type === 'tmpfs') {
      mounts.push({kind: 'tmpfs', destination: point.Destination, options: tmpfsOptionsOf(point)});
      continue;
    }
    const source = await sourceOf(world, ctx, container, point, scope);
    if (point.Type === 'bind') await provideSource(world, point);
    rootfsPropagation = combine(rootfsPropagation, checkPropagation(world, point));
    mounts.push(toBind(world, point, source));
  }
  return {mounts, rootfsPropagation};
}

/** The host path that is bound into the container. */
async function sourceOf(
  world: World,
  ctx: CallContext,
  container: Container,
  point: MountPoint,
  scope: Scope,
): Promise<string> {
  if (point.Type === 'bind') return point.Source;
  const {id} = container;
  const path =
    point.Type === 'image'
      ? await world.parts.mountImage(ctx, id, point.ID, remappingOf(world, container.record.host) !== undefined)
      : await mountVolume(world, ctx, container, point, scope);
  const subpath = point.Spec?.VolumeOptions?.Subpath || point.Spec?.ImageOptions?.Subpath;
  return subpath ? await world.parts.bindInside(id, path, subpath) : path;
}

async function mountVolume(
  world: World,
  ctx: CallContext,
  container: Container,
  point: MountPoint,
  scope: Scope,
): Promise<string> {
  const path = await world.volumes.mount(ctx, point.Name, container.id);
  scope.defer(`unmount volume ${point.Name}`, () => world.volumes.unmount(ctx, point.Name, container.id));
  world.events.publish('volume', 'mount', point.Name, {
    container: container.id,
    destination: point.Destination,
    driver: point.Driver,
    propagation: point.Propagation,
    'read/write': String(point.RW),
  });
  return path;
}

/** The source of a `-v` is made when it is missing, as Docker does. */
async function provideSource(world: World, point: MountPoint): Promise<void> {
  if ((await world.files.pathKind(point.Source)) !== undefined) return;
  if (point.SkipMountpointCreation) {
    throw new EngineError(
      'invalid-argument',
      `invalid mount config for type "bind": bind source path does not exist: ${point.Source}`,
    );
  }
  await world.files.makeDirectory(point.Source);
}

/** Mounts made in a shared or slave bind only pass when the rootfs lets them. */
function checkPropagation(world: World, point: MountPoint): string {
  const mode = point.Propagation.replace(/^r/, '');
  if (mode !== 'shared' && mode !== 'slave') return '';
  const {mountPoint, propagation} = world.files.propagationOf(point.Source);
  // Chosen for a source around the daemon's own directory: that needs nothing where no mount passes anyway.
  const isAsked = Boolean(point.Spec?.BindOptions?.Propagation);
  if (!isAsked && propagation === 'private') return '';
  if (mode === 'shared' && propagation !== 'shared') {
    throw new EngineError('unknown', `path ${point.Source} is mounted on ${mountPoint} but it is not a shared mount`);
  }
  if (mode === 'slave' && propagation === 'private') {
    throw new EngineError(
      'unknown',
      `path ${point.Source} is mounted on ${mountPoint} but it is not a shared or slave mount`,
    );
  }
  return mode === 'shared' ? 'shared' : 'rslave';
}

function combine(before: string, next: string): string {
  return before === 'shared' || next === '' ? before : next;
}

function toBind(world: World, point: MountPoint, source: string): BindMount {
  const options = point.Spec?.BindOptions;
  const isPrivate = ['', 'private', 'rprivate'].includes(point.Propagation);
  return {
    kind: 'bind',
    source,
    destination: point.Destination,
    readOnly: !point.RW,
    recursiveReadOnly: isPrivate && !options?.ReadOnlyNonRecursive && hasRecursiveReadOnly(world.facts.kernelVersion),
    recursive: !options?.NonRecursive,
    propagation: point.Propagation,
  };
}

/** mount_setattr(2) is from Linux 5.12. */
export function hasRecursiveReadOnly(kernelVersion: string): boolean {
  const [major = 0, minor = 0] = kernelVersion.split('.').map(part => Number.parseInt(part, 10));
  return major > 5 || (major === 5 && minor >= 12);
}

/** After a run: lets go of what `resolveMounts` took. */
export async function unmountVolumes(world: World, ctx: CallContext, container: Container): Promise<void> {
  await world.parts.unmount(container.id);
  for (const point of Object.values(container.record.mounts)) {
    if (point.Type !== 'volume') continue;
    await world.volumes.unmount(ctx, point.Name, container.id);
    world.events.publish('volume', 'unmount', point.Name, {container: container.id, driver: point.Driver});
  }
}
