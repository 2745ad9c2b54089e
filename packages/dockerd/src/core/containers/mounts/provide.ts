/** Turns wanted mounts into mount points: volumes are found or made, sources are checked. */
import {type CallContext, randomHex, type Scope} from '@longshore/base';
import type {MountPoint} from '../mount-point.ts';
import type {World} from '../world.ts';
import type {WantedMount} from './collect.ts';
import type {ParsedMount} from './parse-bind.ts';
import {refuseMount} from './parse-mount.ts';

/** The mount points of a new container. `scope` undoes what was done if the create fails later. */
export async function provideMounts(
  world: World,
  ctx: CallContext,
  containerId: string,
  wanted: ReadonlyMap<string, WantedMount>,
  scope: Scope,
): Promise<Record<string, MountPoint>> {
  const points: Record<string, MountPoint> = {};
  for (const [destination, entry] of wanted) {
    points[destination] =
      entry.kind === 'inherited'
        ? await inherit(world, ctx, containerId, entry.point, scope)
        : await provide(world, ctx, containerId, entry.mount, scope);
  }
  return points;
}

async function inherit(
  world: World,
  ctx: CallContext,
  containerId: string,
  point: MountPoint,
  scope: Scope,
): Promise<MountPoint> {
  if (point.Type === 'image') return await provideImage(world, ctx, containerId, point, scope);
  if (point.Type !== 'volume') return point;
  const request = {name: point.Name, driver: point.Driver, options: {}, labels: {}};
  const volume = await world.volumes.acquire(ctx, request, containerId);
  scope.defer(`release volume ${volume.name}`, () => world.volumes.release(ctx, volume.name, containerId));
  return point;
}

async function provide(
  world: World,
  ctx: CallContext,
  containerId: string,
  mount: ParsedMount,
  scope: Scope,
): Promise<MountPoint> {
  const common = {
    Destination: mount.destination,
    RW: !mount.readOnly,
    Type: mount.type,
    Relabel: mount.mode,
    Propagation: mount.propagation,
    Spec: mount.spec,
    SkipMountpointCreation: mount.sourceMustExist,
  };
  if (mount.type === 'bind') {
    await checkSource(world, mount);
    return {...common, Source: mount.source, Name: '', Driver: '', ID: '', CopyData: false};
  }
  if (mount.type === 'tmpfs') return {...common, Source: '', Name: '', Driver: '', ID: '', CopyData: false};
  if (mount.type === 'image') {
    const point = {...common, Source: '', Name: mount.source, Driver: '', ID: '', CopyData: false};
    return await provideImage(world, ctx, containerId, point, scope);
  }
  const {VolumeOptions: options} = mount.spec;
  const request = {
    name: mount.source,
    driver: mount.driver,
    options: {...options?.DriverConfig?.Options},
    labels: {...options?.Labels},
  };
  const volume = await world.volumes.acquire(ctx, request, containerId);
  scope.defer(`release volume ${volume.name}`, async () => {
    await world.volumes.release(ctx, volume.name, containerId);
    if (mount.source === '') await world.volumes.removeAnonymous(ctx, volume.name);
  });
  return {
    ...common,
    Source: volume.mountpoint,
    Name: volume.name,
    Driver: volume.driver,
    ID: randomHex(32),
    CopyData: !mount.noCopy,
  };
}

/** The record names the image by its id: the name may mean another one when the mount is inherited. */
async function provideImage(
  world: World,
  ctx: CallContext,
  containerId: string,
  point: MountPoint,
  scope: Scope,
): Promise<MountPoint> {
  const image = await world.images.resolve(ctx, point.Spec?.Source || point.Name, '');
  const key = await world.parts.prepareImage(ctx, containerId, image.chainId);
  scope.defer(`remove image ${key}`, () => world.parts.removeImages(world.background, [key]));
  const spec = point.Spec && {...point.Spec, Source: image.id};
  return {...point, Spec: spec, ID: key, Source: world.parts.imagePath(containerId, key)};
}

async function checkSource(world: World, mount: ParsedMount): Promise<void> {
  if (mount.sourceMustExist && (await world.files.pathKind(mount.source)) === undefined) {
    refuseMount('bind', `bind source path does not exist: ${mount.source}`);
  }
}
