/** The containers of this shim: one, or those of a group. */
import type {Mount} from '@longshore/api/gen/containerd/types/mount';
import type {Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import type {CallContext, Logger} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {findProgram, mountAll} from '@longshore/linux';
import {RuncRuntime} from '@longshore/runc-wrapper';
import {makeRootfs, runtimeRoot, unmountRootfs, writeRuntimeFiles} from './bundle.ts';
import {restoreSource} from './checkpoint.ts';
import {Container} from './container.ts';
import {ContainerEvents} from './events.ts';
import type {StdioUris} from './process/stdio.ts';
import type {Publisher} from './publisher.ts';
import type {Reaper} from './reaper.ts';
import {runtimeSpawner} from './runtime-spawner.ts';
import type {Streams} from './streams/streams.ts';

export interface ContainersOptions {
  namespace: string;
  reaper: Reaper;
  publisher: Publisher;
  log: Logger;
  debug: boolean;
  /** Environment of the runtime and of log programs. */
  env: Record<string, string | undefined>;
  /** Streams on the shim's socket, for stdio. */
  streams: Streams;
}

export interface NewContainer {
  id: string;
  bundle: string;
  rootfs: Mount[];
  uris: StdioUris;
  options: Options;
  /** Directory of a checkpoint's images; empty for a fresh container. */
  checkpoint: string;
}

export class Containers {
  readonly #options: ContainersOptions;
  readonly #containers = new Map<string, Container>();
  /** Ids whose create is under way. */
  readonly #reserved = new Set<string>();

  constructor(options: ContainersOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#containers.size + this.#reserved.size;
  }

  [Symbol.iterator](): IterableIterator<Container> {
    return this.#containers.values();
  }

  find(id: string): Container | undefined {
    return this.#containers.get(id);
  }

  /** Throws not-found. */
  get(id: string): Container {
    const container = this.#containers.get(id);
    if (!container) throw new EngineError('not-found', 'container not created: not found');
    return container;
  }

  async create(ctx: CallContext, request: NewContainer): Promise<Container> {
    const {id, bundle} = request;
    if (this.#containers.has(id) || this.#reserved.has(id)) {
      throw new EngineError('already-exists', `container ${id}: already exists`);
    }
    this.#reserved.add(id);
    try {
      writeRuntimeFiles(bundle, request.options);
      if (request.rootfs.length > 0) mountAll(request.rootfs, makeRootfs(bundle));
      const container = await this.#make(ctx, request);
      this.#containers.set(id, container);
      return container;
    } catch (error) {
      unmountRootfs(bundle);
      throw error;
    } finally {
      this.#reserved.delete(id);
    }
  }

  async #make(ctx: CallContext, request: NewContainer): Promise<Container> {
    const {publisher, log} = this.#options;
    const {id, bundle, rootfs, uris, options, checkpoint} = request;
    const events = new ContainerEvents(publisher, id);
    const container = new Container(
      {
        ...{id, bundle, events, log},
        runtime: this.#runtime(bundle, options),
        stdio: this.#stdioOwner(id, bundle, options),
        criu: options,
        noPivot: options.noPivotRoot,
        noNewKeyring: options.noNewKeyring,
        restore: checkpoint === '' ? undefined : restoreSource(checkpoint, options),
      },
      uris,
    );
    await container.create(ctx);
    events.created(bundle, rootfs, container.init, checkpoint);
    return container;
  }

  #runtime(bundle: string, options: Options): RuncRuntime {
    const {namespace, debug, env, reaper} = this.#options;
    const log = `${bundle}/log.json`;
    return new RuncRuntime({
      binary: options.binaryName || 'runc',
      root: runtimeRoot(options, namespace),
      log,
      systemdCgroup: options.systemdCgroup,
      debug,
      env,
      spawn: runtimeSpawner(reaper, log),
    });
  }

  #stdioOwner(containerId: string, bundle: string, options: Options) {
    const {namespace, reaper, log, env, streams} = this.#options;
    const checkpoints = options.criuPath !== '' || hasProgram('criu', env.PATH);
    return {
      containerId,
      bundle,
      namespace,
      reaper,
      log,
      env,
      streams,
      checkpoints,
      uid: options.ioUid,
      gid: options.ioGid,
    };
  }

  /** Forgets a deleted container. */
  remove(id: string): void {
    this.#containers.delete(id);
  }
}

function hasProgram(name: string, path: string | undefined): boolean {
  try {
    return findProgram(name, path) !== '';
  } catch {
    return false;
  }
}
