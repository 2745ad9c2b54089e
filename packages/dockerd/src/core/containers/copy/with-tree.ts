/** Gives access to the files of a container, whether it runs or not. */
import {type CallContext, Scope} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {ContainerTree, ContainerTrees} from '../../ports/container-tree.ts';
import type {Container} from '../container.ts';
import type {MountPoint} from '../mount-point.ts';
import {hasProcess} from '../state.ts';
import {remappingOf, type World} from '../world.ts';

export interface TreeOptions {
  /** With volumes and binds in it; otherwise the root file system alone. */
  mounts: boolean;
}

/**
 * Of a container that runs, the files are those that its first process sees. The rootfs of one that does not is mounted
 * meanwhile, and the container can neither be started nor removed before `use` has ended.
 */
export async function withTree<T>(
  world: World,
  trees: ContainerTrees,
  ctx: CallContext,
  container: Container,
  options: TreeOptions,
  use: (tree: ContainerTree) => Promise<T>,
): Promise<T> {
  await using scope = new Scope(ctx.log);
  const {id} = container;
  // Steps run backwards: the lock of a stopped container is given back when its rootfs is unmounted again.
  const lock = scope.use(await container.lock.acquire(ctx.signal), `lock of ${id}`);
  if (container.removing || world.registry.get(id) !== container || container.state.status === 'dead') {
    throw new EngineError('conflict', `container ${id} is marked for removal`);
  }
  if (!hasProcess(container.state)) await mountTree(world, trees, ctx, container, options, scope);
  const tree = scope.use(openTree(world, trees, container, options), `files of ${id}`);
  if (hasProcess(container.state)) lock[Symbol.dispose]();
  return await use(tree);
}

function openTree(world: World, trees: ContainerTrees, container: Container, {mounts}: TreeOptions): ContainerTree {
  const {id, state, record} = container;
  const root = world.rootfs.path(id);
  const remapping = remappingOf(world, record.host);
  return mounts && hasProcess(state) ? trees.openProcess(state.pid, root, remapping) : trees.open(root, remapping);
}

async function mountTree(
  world: World,
  trees: ContainerTrees,
  ctx: CallContext,
  container: Container,
  {mounts}: TreeOptions,
  scope: Scope,
): Promise<void> {
  const {id, record} = container;
  scope.defer(`unmount rootfs of ${id}`, () => world.rootfs.unmount(id));
  const remapping = remappingOf(world, record.host);
  const root = await world.rootfs.mount(ctx, id, remapping !== undefined);
  if (!mounts) return;
  const points = Object.values(record.mounts).sort((a, b) => a.Destination.length - b.Destination.length);
  for (const point of points) {
    const source = await sourceOf(world, ctx, container, point, scope);
    if (source === undefined) continue;
    if ((await world.files.pathKind(source)) === 'directory') {
      world.files.makeDirectoryInside(root, point.Destination, remapping?.root);
    }
    trees.bindInside(root, point.Destination, source, {readOnly: !point.RW});
  }
}

/** Undefined for what has no files while the container does not run. */
async function sourceOf(
  world: World,
  ctx: CallContext,
  {id}: Container,
  point: MountPoint,
  scope: Scope,
): Promise<string | undefined> {
  if (point.Type === 'bind') {
    return (await world.files.pathKind(point.Source)) === undefined ? undefined : point.Source;
  }
  if (point.Type !== 'volume') return undefined;
  scope.defer(`unmount volume ${point.Name}`, () => world.volumes.unmount(world.background, point.Name, id));
  return await world.volumes.mount(ctx, point.Name, id);
}
