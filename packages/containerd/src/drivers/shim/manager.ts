/** Starts shims, and finds those again that outlived an earlier daemon. */
import type {CallContext, Logger} from '@longshore/base';
import {codeOf, EngineError, isErrorCode, messageOf} from '@longshore/errdefs';
import {kill} from '@longshore/linux';
import type {SandboxObserver, SandboxShim, SandboxShims} from '../../core/sandboxes/shim.ts';
import type {ProcessExit, Shim, ShimManager, ShimRequest} from '../../core/tasks/shim.ts';
import type {Bootstrap} from './bootstrap.ts';
import {Bundle, type BundleRoots, listBundles, removeStrayWork} from './bundle.ts';
import {removeDeadSockets} from './dead-sockets.ts';
import {runDelete, type ShimCommand} from './delete-action.ts';
import {DirectStartTest} from './direct-start.ts';
import {findJoinedShim, type JoinedShim} from './joined-shim.ts';
import {launchByStart, launchDirect} from './launch.ts';
import {Leftovers} from './leftovers.ts';
import {Reaper} from './reaper.ts';
import type {RuntimeBinaries} from './runtime-binary.ts';
import {SandboxProcess} from './sandbox-process.ts';
import {openShimLog, type ShimLog} from './shim-log.ts';
import {type OwnChild, type ShimParts, ShimProcess, type ShimTimeouts} from './shim-process.ts';
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
type ShimNature = Pick<ShimParts, 'child' | 'shared'>;
type LoadObservers = {
  onDead: (namespace: string, id: string, exit: ProcessExit) => void;
  sandboxes: SandboxObserver | undefined;
};

/** Several tasks with one of these annotations share a shim, which only the shim's `start` can arrange. */
const groupingAnnotations = ['io.containerd.runc.v2.group', 'io.kubernetes.cri.sandbox-id'];

/** Shims connected to at the same time after a restart. */
const loadConcurrency = 16;

export class ShimSupervisor implements ShimManager, SandboxShims, Disposable {
  readonly #options: ShimManagerOptions;
  readonly #reaper = new Reaper();
  readonly #directStart = new DirectStartTest();
  readonly #leftovers: Leftovers;

  constructor(options: ShimManagerOptions) {
    this.#options = options;
    this.#leftovers = new Leftovers(options.log);
  }

  async start(ctx: CallContext, request: ShimRequest): Promise<Shim> {
    const joined = await findJoinedShim(this.#options.roots, ctx.namespace, request);
    if (joined) return await this.#join(ctx, request, joined);
    return (await this.#startProcess(ctx, request)).shim;
  }

  async startSandbox(ctx: CallContext, request: ShimRequest): Promise<SandboxShim> {
    const {shim, bootstrap} = await this.#startProcess(ctx, request, bundle => bundle.writeSandbox(request.id));
    return new SandboxProcess(shim, bootstrap);
  }

  async #startProcess(
    ctx: CallContext,
    request: ShimRequest,
    prepare: (bundle: Bundle) => Promise<void> = async () => {},
  ): Promise<{shim: ShimProcess; bootstrap: Bootstrap}> {
    const path = this.#options.binaries.resolve(request.runtime);
    const bundle = new Bundle(this.#options.roots, ctx.namespace, request.id);
    await this.#leftovers.clear(bundle);
    await bundle.create(request.spec);
    const log = this.#log(bundle);
    const shimLog = openShimLog(bundle.file('log'), log);
    let launched: Launched | undefined;
    try {
      await prepare(bundle);
      launched = await this.#launch(path, bundle, request);
      const {bootstrap, child} = launched;
      return {shim: await this.#connect(ctx, bundle, path, bootstrap, shimLog, child && {child}), bootstrap};
    } catch (error) {
      const last = shimLog.tail();
      shimLog[Symbol.dispose]();
      await this.#undo(bundle, path, launched);
      const reason = `failed to start shim: ${messageOf(error)}${last === '' ? '' : ` (${last})`}`;
      throw new EngineError(codeOf(error), reason, {cause: error});
    }
  }

  /** A bundle of its own for a task whose shim is that of its sandbox. */
  async #join(ctx: CallContext, request: ShimRequest, {bootstrap, path}: JoinedShim): Promise<Shim> {
    const shimPath = path ?? this.#options.binaries.resolve(request.runtime);
    const bundle = new Bundle(this.#options.roots, ctx.namespace, request.id);
    await this.#leftovers.clear(bundle);
    await bundle.create(request.spec);
    const shimLog = openShimLog(bundle.file('log'), this.#log(bundle));
    try {
      await bundle.writeSandbox(request.sandbox ?? '');
      await bundle.writeBootstrap(bootstrap, shimPath);
      return await this.#connect(ctx, bundle, shimPath, bootstrap, shimLog, {shared: true});
    } catch (error) {
      shimLog[Symbol.dispose]();
      await bundle.remove();
      throw new EngineError(codeOf(error), `failed to join sandbox: ${messageOf(error)}`, {cause: error});
    }
  }

  async load(
    ctx: CallContext,
    onDead: (namespace: string, id: string, exit: ProcessExit) => void,
    sandboxes?: SandboxObserver,
  ): Promise<Shim[]> {
    const bundles = await listBundles(this.#options.roots);
    await removeStrayWork(this.#options.roots, bundles);
    const loaded: Shim[] = [];
    const pending = [...bundles];
    const worker = async () => {
      for (let bundle = pending.pop(); bundle; bundle = pending.pop()) {
        const shim = await this.#loadOne({...ctx, namespace: bundle.namespace}, bundle, {onDead, sandboxes});
        if (shim) loaded.push(shim);
      }
    };
    await Promise.all(Array.from({length: loadConcurrency}, worker));
    await removeDeadSockets(this.#options.roots.state);
    return loaded;
  }

  [Symbol.dispose](): void {
    this.#leftovers[Symbol.dispose]();
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
    nature: ShimNature = {},
  ): Promise<ShimProcess> {
    const shim = this.#shim(bundle, path, bootstrap.address, shimLog, nature);
    shim.attach(await connectShim(ctx, bootstrap, shim.onClose));
    return shim;
  }

  #shim(bundle: Bundle, path: string, address: string, shimLog: ShimLog, nature: ShimNature = {}): ShimProcess {
    const {timeouts} = this.#options;
    const deleteAction = () => runDelete(this.#options, path, bundle, timeouts.cleanup);
    return new ShimProcess({
      ...{bundle, address, shimLog, timeouts},
      log: this.#log(bundle),
      runDelete: deleteAction,
      onLeftover: () => this.#leftovers.add(bundle, deleteAction),
      ...nature,
    });
  }

  async #loadOne(ctx: CallContext, bundle: Bundle, observers: LoadObservers): Promise<Shim | undefined> {
    const log = this.#log(bundle);
    try {
      const path = await this.#shimPath(bundle);
      if ((await bundle.isHalfMade()) || path === undefined) {
        log.warn({}, 'bundle without a shim, removing it');
        await bundle.remove();
        return undefined;
      }
      return await this.#reconnect(ctx, bundle, path, observers);
    } catch (error) {
      log.error({error}, 'cannot load a bundle');
      return undefined;
    }
  }

  async #reconnect(
    ctx: CallContext,
    bundle: Bundle,
    path: string,
    {onDead, sandboxes}: LoadObservers,
  ): Promise<Shim | undefined> {
    const log = this.#log(bundle);
    const sandbox = await bundle.readSandbox();
    const isSandbox = sandbox === bundle.id;
    const nature = {shared: sandbox !== undefined && !isSandbox};
    const shimLog = openShimLog(bundle.file('log'), log);
    const bootstrap = await bundle.readBootstrap();
    const address = bootstrap?.address ?? '';
    let shim = this.#shim(bundle, path, address, shimLog, nature);
    try {
      if (!bootstrap) throw new EngineError('not-found', 'bundle has no bootstrap.json');
      shim = await this.#connect(ctx, bundle, path, bootstrap, shimLog, nature);
      if (isSandbox) return await this.#reconnectSandbox(ctx, shim, bootstrap, sandboxes);
      await shim.connect(ctx);
    } catch (error) {
      log.warn({error}, 'shim does not answer any more, cleaning up after it');
      const exit = await shim.cleanUp();
      if (isSandbox) sandboxes?.died(bundle.namespace, bundle.id);
      else onDead(bundle.namespace, bundle.id, exit);
      return undefined;
    }
    if (await this.#hasTask(ctx, shim)) return shim;
    log.warn({}, 'shim without a task, ending it');
    await shim.end(ctx, 'failed');
    return undefined;
  }

  /** A daemon killed between start and create leaves a shim that does not know its sandbox. */
  async #reconnectSandbox(
    ctx: CallContext,
    shim: ShimProcess,
    bootstrap: Bootstrap,
    observer: SandboxObserver | undefined,
  ): Promise<undefined> {
    const sandbox = new SandboxProcess(shim, bootstrap);
    try {
      await sandbox.status(ctx, false, this.#options.timeouts.load);
    } catch (error) {
      if (!isErrorCode(error, 'not-found')) throw error;
      this.#log(shim).warn({}, 'shim without a sandbox, ending it');
      await sandbox.end(ctx);
      return undefined;
    }
    observer?.found(sandbox);
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

  #log({namespace, id}: {namespace: string; id: string}): Logger {
    return this.#options.log.child({namespace, id});
  }
}

function isGrouped(spec: Uint8Array): boolean {
  const text = Buffer.from(spec).toString('utf8');
  if (!groupingAnnotations.some(name => text.includes(name))) return false;
  const {annotations = {}} = JSON.parse(text) as {annotations?: Record<string, string>};
  return groupingAnnotations.some(name => name in annotations);
}
