/** The task service of one shim: over ttrpc or gRPC, in version 3 or, when the shim knows no better, 2. */
import type {ServiceDefinition} from '@longshore/api';
import {TaskDefinition} from '@longshore/api/gen/containerd/runtime/task/v3/shim';
import {type CallContext, withSpan} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import {dial, type ServiceClient} from '@longshore/ttrpc';
import type {Bootstrap} from './bootstrap.ts';

/** Both versions have the same methods and messages; only the name of the service differs. */
export const taskServiceV2 = {...TaskDefinition, fullName: 'containerd.task.v2.Task'} as const;

export type TaskClient = ServiceClient<typeof TaskDefinition>;
type Method = keyof TaskClient;

/** A connection that can make clients of either version. */
export interface TaskTransport {
  client(version: number): TaskClient;
  /** A client of any other service of the shim. */
  service<S extends ServiceDefinition>(definition: S): ServiceClient<S>;
  close(): void;
}

export class TaskConnection {
  readonly #transport: TaskTransport;
  #version: number;
  #client: TaskClient;

  constructor(transport: TaskTransport, version: number) {
    this.#transport = transport;
    this.#version = version;
    this.#client = transport.client(version);
  }

  get version(): number {
    return this.#version;
  }

  /** `connection.call('state', ctx, {id})`. Throws what the shim answered. */
  async call<M extends Method>(
    method: M,
    ...args: Parameters<TaskClient[M]>
  ): Promise<Awaited<ReturnType<TaskClient[M]>>> {
    try {
      return await this.#invoke(method, args);
    } catch (error) {
      if (!this.#downgrade(error)) throw error;
      return await this.#invoke(method, args);
    }
  }

  service<S extends ServiceDefinition>(definition: S): ServiceClient<S> {
    return this.#transport.service(definition);
  }

  close(): void {
    this.#transport.close();
  }

  async #invoke<M extends Method>(
    method: M,
    args: Parameters<TaskClient[M]>,
  ): Promise<Awaited<ReturnType<TaskClient[M]>>> {
    const call = this.#client[method] as (...values: unknown[]) => Promise<Awaited<ReturnType<TaskClient[M]>>>;
    const [ctx, ...rest] = args as unknown as [CallContext, ...unknown[]];
    const {name} = TaskDefinition.methods[method];
    return withSpan(ctx, `containerd.task.v${this.#version}.Task/${name}`, traced => call(traced, ...rest), {
      kind: 'client',
    });
  }

  /** Only when it is the whole service that is unknown: a method may be missing in any version. */
  #downgrade(error: unknown): boolean {
    const isMissing = error instanceof EngineError && error.code === 'unimplemented';
    if (this.#version !== 3 || !isMissing || !messageOf(error).includes(TaskDefinition.fullName)) return false;
    this.#version = 2;
    this.#client = this.#transport.client(2);
    return true;
  }
}

/** Milliseconds; a shim that listens is there at once, one that is loaded heavily may need a while to accept. */
const dialTimeoutMs = 100_000;

/** Throws unavailable or not-found when nobody listens there. `onClose` runs once, whoever ended the connection. */
export async function connectShim(
  ctx: CallContext,
  bootstrap: Bootstrap,
  onClose: () => void,
): Promise<TaskConnection> {
  const {version, address, protocol} = bootstrap;
  if (protocol === 'grpc') {
    const {connectGrpc} = await import('./grpc-transport.ts');
    return new TaskConnection(await connectGrpc(address, dialTimeoutMs, onClose), version);
  }
  const client = await dial(address, {timeoutMs: dialTimeoutMs, signal: ctx.signal, onClose});
  const transport: TaskTransport = {
    client: wanted => (wanted === 2 ? client.service(taskServiceV2) : client.service(TaskDefinition)),
    service: definition => client.service(definition),
    close: () => client.close(),
  };
  return new TaskConnection(transport, version);
}
