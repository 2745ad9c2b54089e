/** Running sandboxes: which of them have a shim, and what happens when it dies. The records are in `sandboxes.ts`. */
import {backgroundContext, type CallContext, KeyedMutex, type Logger, withSignal} from '@longshore/base';
import {codeOf, EngineError, isErrorCode, messageOf} from '@longshore/errdefs';
import type {EventPublisher} from '../events/events.ts';
import type {SandboxRecord} from '../metadata/records.ts';
import type {MetadataStore} from '../metadata/store.ts';
import {checkIdentifier, quote} from '../names.ts';
import {now} from '../time.ts';
import type {
  SandboxCreation,
  SandboxExit,
  SandboxMetric,
  SandboxObserver,
  SandboxPlatform,
  SandboxShim,
  SandboxShims,
  SandboxStart,
  SandboxStatus,
} from './shim.ts';

export interface SandboxControllerOptions {
  metadata: MetadataStore;
  shims: SandboxShims;
  events: EventPublisher;
  log: Logger;
}

/** What a client may say about a sandbox when it creates it; what it leaves out is in the record. */
export type SandboxDescription = Partial<Pick<SandboxRecord, 'runtime' | 'spec'>>;

type Sandbox = {readonly shim: SandboxShim; exit?: SandboxExit; death?: Promise<SandboxExit>};

/** Status of a sandbox whose end nobody saw. */
const unknownExitStatus = 255;

export class SandboxController implements SandboxObserver, AsyncDisposable {
  readonly #options: SandboxControllerOptions;
  readonly #sandboxes = new Map<string, Sandbox>();
  readonly #locks = new KeyedMutex();
  readonly #background = new Set<Promise<unknown>>();

  constructor(options: SandboxControllerOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sandboxes.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sandboxes = [...this.#sandboxes.values()];
    this.#sandboxes.clear(); // a connection that we close ourselves is no death
    for (const {shim} of sandboxes) shim.detach();
    await Promise.allSettled([...this.#background]);
  }

  /** Starts the shim and lets it make the sandbox. Throws already-exists, not-found without a record. */
  async create(
    ctx: CallContext,
    id: string,
    creation: SandboxCreation,
    description: SandboxDescription = {},
  ): Promise<void> {
    checkIdentifier(id);
    const key = keyOf(ctx.namespace, id);
    using _lock = await this.#locks.acquire(key, ctx.signal);
    if (this.#sandboxes.has(key)) {
      throw new EngineError('already-exists', `sandbox ${quote(id)} is running: already exists`);
    }
    const {runtime, spec} = this.#describe(ctx, id, description);
    const shim = await this.#options.shims.startSandbox(ctx, {
      id,
      runtime: runtime.name,
      spec: spec?.value ?? Buffer.from('{}'),
      ...(runtime.options && {options: runtime.options}),
    });
    await this.#orEnd(ctx, shim, 'create', () => shim.create(ctx, creation));
    this.#add(shim);
    this.#options.events.publish(ctx.namespace, {topic: '/sandboxes/create', sandboxId: id});
  }

  /** A sandbox that cannot be started is taken apart. */
  async start(ctx: CallContext, id: string): Promise<SandboxStart & {address: string; version: number}> {
    const key = keyOf(ctx.namespace, id);
    using _lock = await this.#locks.acquire(key, ctx.signal);
    const sandbox = this.#find(ctx, id);
    const {shim} = sandbox;
    let started: SandboxStart;
    try {
      started = await shim.start(ctx);
    } catch (error) {
      this.#sandboxes.delete(key);
      await shim.end(uncancelled(ctx));
      throw failure(`failed to start sandbox ${id}`, error);
    }
    this.#options.events.publish(ctx.namespace, {topic: '/sandboxes/start', sandboxId: id});
    this.#watch(key, sandbox);
    return {...started, address: shim.address, version: shim.version};
  }

  async platform(ctx: CallContext, id: string): Promise<SandboxPlatform> {
    return await this.#find(ctx, id).shim.platform(ctx);
  }

  /** A sandbox without a shim is stopped already. */
  async stop(ctx: CallContext, id: string, timeoutSeconds: number): Promise<void> {
    const sandbox = this.#known(ctx, id);
    if (!sandbox) return;
    try {
      await sandbox.shim.stop(ctx, timeoutSeconds);
    } catch (error) {
      throw failure('failed to stop sandbox', error);
    }
  }

  /** Resolves when the sandbox has ended, also when its shim dies before it could tell. */
  async wait(ctx: CallContext, id: string): Promise<SandboxExit> {
    const sandbox = this.#known(ctx, id);
    if (!sandbox) return {exitStatus: unknownExitStatus, exitedAt: now()};
    try {
      return await sandbox.shim.wait(ctx);
    } catch (error) {
      if (!isErrorCode(error, 'unavailable')) throw error;
      await sandbox.shim.disconnected;
      const exit = (await sandbox.death) ?? sandbox.exit;
      if (!exit) throw error;
      return exit;
    }
  }

  /** A sandbox without a shim has ended. */
  async status(
    ctx: CallContext,
    id: string,
    verbose: boolean,
  ): Promise<SandboxStatus & {address: string; version: number}> {
    const sandbox = this.#known(ctx, id);
    if (!sandbox) return {pid: 0, state: '', info: {}, exitedAt: now(), address: '', version: 0};
    const {address, version} = sandbox.shim;
    return {...(await sandbox.shim.status(ctx, verbose)), address, version};
  }

  /** Ends the shim. A sandbox without one is down already. */
  async shutdown(ctx: CallContext, id: string): Promise<void> {
    if (!this.#known(ctx, id)) return;
    const key = keyOf(ctx.namespace, id);
    using _lock = await this.#locks.acquire(key, ctx.signal);
    const sandbox = this.#sandboxes.get(key);
    if (!sandbox) return;
    try {
      await sandbox.shim.shutdown(ctx);
    } catch (error) {
      // A shim that ends before it has answered has done what it was told.
      if (!isErrorCode(error, 'unavailable', 'not-found')) throw failure('failed to shutdown sandbox', error);
    }
    this.#sandboxes.delete(key);
    this.#announceExit(ctx.namespace, id, sandbox);
    await sandbox.shim.end(uncancelled(ctx));
  }

  async metrics(ctx: CallContext, id: string): Promise<SandboxMetric | undefined> {
    return await this.#find(ctx, id).shim.metrics(ctx);
  }

  /** The record is the store's to change; a shim has no call to be told of it. Throws not-found. */
  async update(ctx: CallContext, id: string): Promise<void> {
    this.#find(ctx, id);
  }

  found(shim: SandboxShim): void {
    this.#watch(keyOf(shim.namespace, shim.id), this.#add(shim));
  }

  died(namespace: string, id: string): void {
    const exit = {exitStatus: unknownExitStatus, exitedAt: now()};
    this.#options.events.publish(namespace, {topic: '/sandboxes/exit', sandboxId: id, ...exit});
  }

  #describe(
    ctx: CallContext,
    id: string,
    given: SandboxDescription,
  ): Required<Pick<SandboxDescription, 'runtime'>> & SandboxDescription {
    const record = this.#options.metadata.sandboxes.get(ctx.namespace, id);
    const runtime = given.runtime?.name ? given.runtime : record?.runtime;
    if (!runtime) throw new EngineError('not-found', `sandbox ${quote(id)}: not found`);
    const spec = given.spec ?? record?.spec;
    return {runtime, ...(spec && {spec})};
  }

  /** Undefined for a sandbox that is only a record. Throws not-found. */
  #known(ctx: CallContext, id: string): Sandbox | undefined {
    const sandbox = this.#sandboxes.get(keyOf(ctx.namespace, id));
    if (!sandbox && !this.#options.metadata.sandboxes.get(ctx.namespace, id)) throw notFound(id);
    return sandbox;
  }

  #find(ctx: CallContext, id: string): Sandbox {
    const sandbox = this.#sandboxes.get(keyOf(ctx.namespace, id));
    if (!sandbox) throw notFound(id);
    return sandbox;
  }

  async #orEnd(ctx: CallContext, shim: SandboxShim, what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      await shim.end(uncancelled(ctx));
      throw failure(`failed to ${what} sandbox ${shim.id}`, error);
    }
  }

  #add(shim: SandboxShim): Sandbox {
    const key = keyOf(shim.namespace, shim.id);
    const sandbox: Sandbox = {shim};
    this.#sandboxes.set(key, sandbox);
    shim.disconnected.then(() => {
      if (this.#sandboxes.get(key) !== sandbox) return;
      sandbox.death = this.#onDeath(key, sandbox);
      this.#track(sandbox.death);
    });
    return sandbox;
  }

  /** The sandbox's end is announced once, whether anybody waits for it or not. */
  #watch(key: string, sandbox: Sandbox): void {
    const ctx = backgroundContext(this.#options.log, sandbox.shim.namespace);
    sandbox.shim.wait(ctx).then(
      exit => {
        if (this.#sandboxes.get(key) !== sandbox || sandbox.exit) return;
        this.#announceExit(ctx.namespace, sandbox.shim.id, sandbox, exit);
      },
      error => this.#options.log.debug({id: sandbox.shim.id, error}, 'cannot wait for sandbox'),
    );
  }

  #announceExit(namespace: string, id: string, sandbox: Sandbox, exit?: SandboxExit): void {
    if (sandbox.exit) return;
    sandbox.exit = exit ?? {exitStatus: 0, exitedAt: now()};
    const {exitStatus, exitedAt = now()} = sandbox.exit;
    this.#options.events.publish(namespace, {topic: '/sandboxes/exit', sandboxId: id, exitStatus, exitedAt});
  }

  async #onDeath(key: string, sandbox: Sandbox): Promise<SandboxExit> {
    const {namespace, id} = sandbox.shim;
    const log = this.#options.log.child({namespace, sandbox: id});
    log.warn({}, 'sandbox shim disconnected, cleaning up after it');
    using _lock = await this.#locks.acquire(key);
    // Shut down while we waited for the lock.
    if (this.#sandboxes.get(key) !== sandbox) return sandbox.exit ?? {exitStatus: unknownExitStatus, exitedAt: now()};
    await sandbox.shim.cleanUp(backgroundContext(log, namespace));
    this.#sandboxes.delete(key);
    this.#announceExit(namespace, id, sandbox, {exitStatus: unknownExitStatus, exitedAt: now()});
    return sandbox.exit as SandboxExit;
  }

  #track(work: Promise<unknown>): void {
    const tracked = work.finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }
}

function notFound(id: string): EngineError {
  return new EngineError('not-found', `sandbox ${quote(id)}: not found`);
}

function failure(what: string, error: unknown): EngineError {
  return new EngineError(codeOf(error), `${what}: ${messageOf(error)}`, {cause: error});
}

/** Cleaning up must not end with the request that made it necessary. */
function uncancelled(ctx: CallContext): CallContext {
  return withSignal(ctx, new AbortController().signal);
}

function keyOf(namespace: string, id: string): string {
  return `${namespace}/${id}`;
}
