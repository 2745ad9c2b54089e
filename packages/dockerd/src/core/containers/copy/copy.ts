/** `docker cp` and `docker export`: files of a container as tar archives. */
import type {CallContext} from '@longshore/base';
import {EngineError, isErrorCode, messageOf} from '@longshore/errdefs';
import type {ContainerPath, ContainerTree, ContainerTrees, PathStatus} from '../../ports/container-tree.ts';
import type {Container} from '../container.ts';
import {resolveUser} from '../spec/user.ts';
import {publishContainerEvent, type World} from '../world.ts';
import {parseContainerPath} from './container-path.ts';
import {withTree} from './with-tree.ts';

/** A container, and what the client called it. */
export interface CopyTarget {
  container: Container;
  name: string;
  path: string;
}

export interface ExtractRequest {
  archive: AsyncIterable<Uint8Array>;
  keepTypes: boolean;
  /** Everything becomes the user's that the container runs as, when it has one. */
  copyOwner: boolean;
  signal: AbortSignal;
}

export class ContainerCopier {
  readonly #world: World;
  readonly #trees: ContainerTrees;

  constructor(world: World, trees: ContainerTrees) {
    this.#world = world;
    this.#trees = trees;
  }

  /** Throws Docker's message for a missing path. */
  async status(ctx: CallContext, target: CopyTarget): Promise<PathStatus> {
    const path = parseContainerPath(target.path);
    return await this.#with(ctx, target, async tree => tree.status(path));
  }

  /** `send` gets the status and the archive, which ends with it. */
  async archive(
    ctx: CallContext,
    target: CopyTarget,
    signal: AbortSignal,
    send: (status: PathStatus, archive: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<void> {
    const path: ContainerPath = parseContainerPath(target.path);
    await this.#with(ctx, target, async tree => {
      const status = tree.status(path);
      publishContainerEvent(this.#world, target.container, 'archive-path');
      await send(status, tree.archive(path, signal));
    });
  }

  /** Throws `permission-denied` where the container may not write either. */
  async extract(ctx: CallContext, target: CopyTarget, request: ExtractRequest): Promise<void> {
    const {path} = parseContainerPath(target.path);
    await this.#with(ctx, target, async tree => {
      tree.checkDirectory(path);
      checkWritable(target.container, tree.resolve(path));
      const {keepTypes, signal} = request;
      const owner = request.copyOwner ? this.#userOf(target.container) : undefined;
      await tree.extract(path, request.archive, {keepTypes, owner, signal});
    });
    publishContainerEvent(this.#world, target.container, 'extract-to-dir');
  }

  /** The whole root file system, without volumes and other mounts. */
  async export(
    ctx: CallContext,
    container: Container,
    signal: AbortSignal,
    send: (archive: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<void> {
    await withTree(this.#world, this.#trees, ctx, container, {mounts: false}, async tree => {
      publishContainerEvent(this.#world, container, 'export');
      await send(tree.archiveAll(signal));
    });
  }

  async #with<T>(ctx: CallContext, target: CopyTarget, use: (tree: ContainerTree) => Promise<T>): Promise<T> {
    return await withTree(this.#world, this.#trees, ctx, target.container, {mounts: true}, async tree => {
      try {
        return await use(tree);
      } catch (error) {
        if (!isErrorCode(error, 'not-found')) throw error;
        const message = `Could not find the file ${target.path} in container ${target.name}`;
        throw new EngineError('not-found', message, {cause: error});
      }
    });
  }

  #userOf({id, record}: Container): {uid: number; gid: number} | undefined {
    const {User: user} = record.config;
    if (user === '') return undefined;
    try {
      return resolveUser(user, [], this.#world.files.readUserDatabase(this.#world.rootfs.path(id)));
    } catch (error) {
      throw new EngineError('unknown', messageOf(error), {cause: error});
    }
  }
}

/** `path` has no links in it any more. The innermost mount decides. */
function checkWritable({record}: Container, path: string): void {
  const inside = Object.values(record.mounts)
    .filter(({Destination}) => path === Destination || path.startsWith(`${Destination.replace(/\/$/, '')}/`))
    .sort((a, b) => b.Destination.length - a.Destination.length);
  const [mount] = inside;
  if (mount && !mount.RW) throw new EngineError('permission-denied', 'mounted volume is marked read-only');
  if (!mount && record.host.ReadonlyRootfs) {
    throw new EngineError('permission-denied', 'container rootfs is marked read-only');
  }
}
