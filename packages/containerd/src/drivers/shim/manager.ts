/** Starts shims, and finds those again that outlived an earlier daemon. */
import type {CallContext, Logger} from '@longshore/base';
import {codeOf, EngineError, messageOf} from '@longshore/errdefs';
import {kill} from '@longshore/linux';
import type {ProcessExit, Shim, ShimManager, ShimRequest} from '../../core/tasks/shim.ts';
import type {Bootstrap} from './bootstrap.ts';
import {Bundle, type BundleRoots, listBundles, removeStrayWork} from './bundle.ts';
import {removeDeadSockets} from './dead-sockets.ts';
import {runDelete, type ShimCommand} from './delete-action.ts';
import {DirectStartTest} from './direct-start.ts';
import {launchByStart, launchDirect} from './launch.ts';
import {Reaper} from './reaper.ts';
import type {RuntimeBinaries} from './runtime-binary.ts';
import {openShimLog, type ShimLog} from './shim-log.ts';
import {type OwnChild, ShimProcess, type ShimTimeouts} from './shim-process.ts';
import {shimSocketPath} from './socket-address.ts';
import {connectShim} from './task-connection.ts';

export interface ShimManagerOptions extends ShimCommand {
  roots: BundleRoots;
  binaries: RuntimeBinaries;
  timeouts: ShimTimeouts;
  log: Logger;
  /** The runtime of a container by namespace and id, for bundles that do not tell which shim made them. */
  runtimeOf: (namespace: string, id: string) => string | undefined;
}

type Launched = {bootstrap: Bootstrap; child?: OwnChild};

/** Several tasks with one of these annotations share a shim, which only the shim's `start` can arrange. */
const groupingAnnotations = ['io.containerd.runc.v2.group', 'io.kubernetes.cri.sandbox-id'];

/** Shims connected to at the same time after a restart. */
const loadConcurrency = 16;

export class ShimSupervisor implements ShimManager, Disposable {
  readonly #options: ShimManagerOptions;
  readonly #reaper = new Reaper();
  readonly #directStart = new DirectStartTest();

  constructor(options: ShimManagerOptions) {
    this.#options = options;
  }

  async start(ctx: CallContext, request: ShimRequest): Promise<Shim> {
    const path = this.#options.binaries.resolve(request.runtime);
    const bundle = new Bundle(this.#options.roots, ctx.namespace, request.id);
    await bundle.create(request.spec);
    const log = this.#log(bundle);
    const shimLog = openShimLog(bundle.file('log'), log);
    let launched: Launched | undefined;
    try {
      launched = await this.#launch(path, bundle, request);
      return await this.#connect(ctx, bundle, path, launched.bootstrap, shimLog, launched.child);
    } catch (error) {
      const last = shimLog.tail();
      shimLog[Symbol.dispose]();
      await this.#undo(bundle, path, launched);
      const reason = `failed to start shim: ${messageOf(error)}${last === '' ? '' : ` (${last})`}`;
      throw new EngineError(codeOf(error), reason, {cause: error});
    }
  }

  async load(ctx: CallContext, onDead: (namespace: string, id: string, exit: ProcessExit) => void): Promise<Shim[]> {
    const bundles = await listBundles(this.#options.roots);
    await removeStrayWork(this.#options.roots, bundles);
    const loaded: Shim[] = [];
    const pending = [...bundles];
    const worker = async () => {
      for (let bundle = pending.pop(); bundle; bundle = pending.pop()) {
        const shim = await this.#loadOne({...ctx, namespace: bundle.namespace}, bundle, onDead);
        if (shim) loaded.push(shim);
      }
    };
    await Promise.all(Array.from({length: loadConcurrency}, worker));
    await removeDeadSockets(this.#options.roots.state);
    return loaded;
  }

  [Symbol.dispose](): void {
    this.#reaper[Symbol.dispose]();
  }

  /** A shim that runs but cannot be reached: ours is killed, another is asked to clean up. */
  async #undo(bundle: Bundle, path: string, launched: Launched | undefined): Promise<void> {
    if (launched?.child) kill(launched.child.pid, 9);
    else if (launched) {
      await runDelete(this.#options, path, bundle, this.#options.timeouts.cleanup).catch(error =>
        this.#log(bundle).warn({error}, 'cannot clean up after a shim that could not be reached'),
      );
    }
    await bundle.remove();
  }

  async #launch(path: string, bundle: Bundle, {spec, options}: ShimRequest): Promise<Launched> {
    if (!isGrouped(spec) && (await this.#directStart.allows(path))) {
      const {roots, addresses} = this.#options;
      const socket = shimSocketPath(roots.state, addresses.grpc, bundle.namespace, bundle.id);
      return launchDirect({...this.#options, reaper: this.#reaper}, path, bundle, socket, options);
    }
    return {bootstrap: await launchByStart(this.#options, path, bundle, options)};
  }

  async #connect(
    ctx: CallContext,
    bundle: Bundle,
    path: string,
    bootstrap: Bootstrap,
    shimLog: ShimLog,
    child?: OwnChild,
  ): Promise<ShimProcess> {
    const shim = this.#shim(bundle, path, bootstrap.address, shimLog, child);
    shim.attach(await connectShim(ctx, bootstrap, shim.onClose));
    return shim;
  }

  #shim(bundle: Bundle, path: string, address: string, shimLog: ShimLog, child?: OwnChild): ShimProcess {
    const {timeouts} = this.#options;
    return new ShimProcess({
      ...{bundle, address, shimLog, timeouts},
      log: this.#log(bundle),
      runDelete: () => runDelete(this.#options, path, bundle, timeouts.cleanup),
      ...(child && {child}),
    });
  }

  async #loadOne(
    ctx: CallContext,
    bundle: Bundle,
    onDead: (namespace: string, id: string, exit: ProcessExit) => void,
  ): Promise<Shim | undefined> {
    const log = this.#log(bundle);
    try {
      const path = await this.#shimPath(bundle);
      if ((await bundle.isEmpty()) || path === undefined) {
        log.warn({}, 'bundle without a shim, removing it');
        await bundle.remove();
        return undefined;
      }
      return await this.#reconnect(ctx, bundle, path, onDead);
    } catch (error) {
      log.error({error}, 'cannot load a bundle');
      return undefined;
    }
  }

  async #reconnect(
    ctx: CallContext,
    bundle: Bundle,
    path: string,
    onDead: (namespace: string, id: string, exit: ProcessExit) => void,
  ): Promise<Shim | undefined> {
    const log = this.#log(bundle);
    const shimLog = openShimLog(bundle.file('log'), log);
    const bootstrap = await bundle.readBootstrap();
    const address = bootstrap?.address ?? '';
    let shim = this.#shim(bundle, path, address, shimLog);
    try {
      if (!bootstrap) throw new EngineError('not-found', 'bundle has no bootstrap.json');
      shim = await this.#connect(ctx, bundle, path, bootstrap, shimLog);
      await shim.connect(ctx);
    } catch (error) {
      log.warn({error}, 'shim does not answer any more, cleaning up after it');
      onDead(bundle.namespace, bundle.id, await shim.cleanUp());
      return undefined;
    }
    if (await this.#hasTask(ctx, shim)) return shim;
    log.warn({}, 'shim without a task, ending it');
    await shim.end(ctx, 'failed');
    return undefined;
  }

  /** A daemon killed between start and create leaves a shim without a task. A stopped task still is one. */
  async #hasTask(ctx: CallContext, shim: ShimProcess): Promise<boolean> {
    try {
      await shim.state(ctx, '', this.#options.timeouts.load);
      return true;
    } catch (error) {
      return !(error instanceof EngineError && error.code === 'not-found');
    }
  }

  async #shimPath(bundle: Bundle): Promise<string | undefined> {
    const known = await bundle.readShimPath();
    if (known) return known;
    const runtime = this.#options.runtimeOf(bundle.namespace, bundle.id);
    return runtime === undefined ? undefined : this.#options.binaries.resolve(runtime);
  }

  #log(bundle: Bundle): Logger {
    return this.#options.log.child({namespace: bundle.namespace, id: bundle.id});
  }
}

function isGrouped(spec: Uint8Array): boolean {
  const text = Buffer.from(spec).toString('utf8');
  if (!groupingAnnotations.some(name => text.includes(name))) return false;
  const {annotations = {}} = JSON.parse(text) as {annotations?: Record<string, string>};
  return groupingAnnotations.some(name => name in annotations);
}
