/**
 * A sandbox of runc's kind: no process and no virtual machine of its own, only what its containers have in common. It
 * keeps the shim running while there is no container, and takes all of them down with it.
 */
import type {Mount} from '@longshore/api/gen/containerd/types/mount';
import {type Deferred, deferred, type Logger} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {mountAll, realTime} from '@longshore/linux';
import {makeRootfs, unmountRootfs} from '../bundle.ts';
import type {Container} from '../container.ts';
import type {Containers} from '../containers.ts';
import type {ProcessExit} from '../process/container-process.ts';

const [SIGKILL, SIGTERM] = [9, 15];

export interface SandboxHost {
  containers: Containers;
  log: Logger;
  /** While true, the shim does not end with its last container. */
  holdsSandbox: boolean;
  /** Ends the shim. */
  shutdown(): void;
}

export interface SandboxCreation {
  id: string;
  bundle: string;
  rootfs: Mount[];
  /** Network namespace that its containers' specs name. */
  netnsPath: string;
  annotations: Record<string, string>;
}

export interface SandboxStatus {
  state: 'SANDBOX_CREATED' | 'SANDBOX_READY' | 'SANDBOX_NOTREADY';
  createdAt: bigint;
  exitedAt: bigint | undefined;
  info: Record<string, string>;
}

interface Existing extends SandboxCreation {
  createdAt: bigint;
  started: boolean;
  exit: ProcessExit | undefined;
}

export class Sandbox {
  readonly #host: SandboxHost;
  #existing: Existing | undefined;
  readonly #ended: Deferred<ProcessExit> = deferred();

  constructor(host: SandboxHost) {
    this.#host = host;
  }

  get containers(): Iterable<Container> {
    return this.#host.containers;
  }

  /** One shim holds one sandbox: a second one is refused with already-exists. */
  create(creation: SandboxCreation): void {
    const {id, bundle, rootfs} = creation;
    if (id === '') throw new EngineError('invalid-argument', 'sandbox id must not be empty: invalid argument');
    if (this.#existing) throw new EngineError('already-exists', `sandbox ${this.#existing.id}: already exists`);
    if (rootfs.length > 0) mountAll(rootfs, makeRootfs(bundle));
    this.#existing = {...creation, createdAt: realTime(), started: false, exit: undefined};
    this.#host.holdsSandbox = true;
  }

  /** Returns when it was created. */
  start(id: string): bigint {
    const sandbox = this.#find(id);
    if (sandbox.started) throw new EngineError('failed-precondition', `sandbox ${id} was started before`);
    sandbox.started = true;
    return sandbox.createdAt;
  }

  status(id: string): SandboxStatus {
    const {started, exit, createdAt, bundle, netnsPath, annotations} = this.#find(id);
    const state = exit ? 'SANDBOX_NOTREADY' : started ? 'SANDBOX_READY' : 'SANDBOX_CREATED';
    const containers = [...this.containers].map(container => container.id).join(' ');
    return {state, createdAt, exitedAt: exit?.exitedAt, info: {...annotations, bundle, netns: netnsPath, containers}};
  }

  /** Ends all containers: by SIGTERM, and by SIGKILL those that are still there after `timeoutSeconds`. */
  async stop(id: string, timeoutSeconds: number): Promise<void> {
    const sandbox = this.#find(id);
    if (sandbox.exit) return;
    await Promise.all([...this.containers].map(container => end(container, timeoutSeconds)));
    sandbox.exit ??= {exitStatus: 0, exitedAt: realTime()};
    this.#ended.resolve(sandbox.exit);
  }

  /** Resolves when the sandbox was stopped, or rejects with the reason of the signal. */
  async wait(id: string, signal: AbortSignal): Promise<ProcessExit> {
    this.#find(id);
    const {promise, reject} = Promise.withResolvers<never>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, {once: true});
    try {
      return await Promise.race([this.#ended.promise, promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the shim too. What is left of the containers is removed: nobody could ask for it afterwards. */
  async shutdown(id: string): Promise<void> {
    const {bundle} = this.#find(id);
    await this.stop(id, 0);
    for (const container of this.containers) await this.#remove(container);
    unmountRootfs(bundle);
    this.#host.shutdown();
  }

  async #remove(container: Container): Promise<void> {
    try {
      await container.runtime.delete(container.id, {force: true});
      unmountRootfs(container.bundle);
    } catch (error) {
      this.#host.log.error({error, container: container.id}, 'cannot remove a container of the sandbox');
    }
  }

  #find(id: string): Existing {
    if (this.#existing?.id === id) return this.#existing;
    throw new EngineError('not-found', `sandbox ${id}: not found`);
  }
}

async function end(container: Container, timeoutSeconds: number): Promise<void> {
  const {init} = container;
  if (init.pid === 0 || init.state.status === 'stopped' || init.state.status === 'deleted') return;
  const gone = init.exited.then(
    () => true,
    () => true, // deleted meanwhile
  );
  if (timeoutSeconds > 0) {
    await signal(container, SIGTERM);
    if (await within(gone, timeoutSeconds * 1000)) return;
  }
  await signal(container, SIGKILL);
  await gone;
}

async function signal(container: Container, number: number): Promise<void> {
  try {
    await container.kill('', number, number === SIGKILL);
  } catch (error) {
    if (!isErrorCode(error, 'not-found')) throw error; // it has ended
  }
}

async function within(gone: Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const {promise, resolve} = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), timeoutMs);
  try {
    return await Promise.race([gone, promise]);
  } finally {
    clearTimeout(timer);
  }
}
