/**
 * The daemon's own services as its clients see them, without a wire between: what moves images by the API inside of a
 * client does the same inside of the daemon.
 */
import type {DeepPartial, MethodDefinition, ServiceDefinition} from '@longshore/api';
import {AsyncQueue, type CallContext, withSignal} from '@longshore/base';
import type {BidiCall, ImageServices, ServiceClient} from '@longshore/containerd-client';
import type {ServedService} from './serve.ts';

type Handler = (ctx: CallContext, input: unknown) => Promise<unknown> | AsyncIterable<unknown>;

/** Requests that wait for the handler. */
const maxQueued = 4;

export function localImageServices(
  served: {
    readonly [Name in 'content' | 'diff' | 'images' | 'leases' | 'snapshots']: ServedService;
  },
): ImageServices {
  const {content, diff, images, leases, snapshots} = served;
  return {
    content: localService(content),
    diff: localService(diff),
    images: localService(images),
    leases: localService(leases),
    snapshots: localService(snapshots),
    isLocal: true,
  };
}

function localService<D extends ServiceDefinition>({definition, handlers}: ServedService): ServiceClient<D> {
  const calls: Record<string, unknown> = {};
  for (const [key, method] of Object.entries(definition.methods)) {
    calls[key] = localCall(method, (handlers[key] as Handler).bind(handlers));
  }
  return calls as ServiceClient<D>;
}

function localCall(method: MethodDefinition, handler: Handler): unknown {
  if (method.requestStream) return (ctx: CallContext) => new LocalBidiCall(ctx, method, handler);
  const input = (request: DeepPartial<unknown>) => method.requestType.fromPartial(request);
  const output = (response: unknown) => method.responseType.fromPartial(response as DeepPartial<unknown>);
  if (method.responseStream) {
    return async function* (ctx: CallContext, request: DeepPartial<unknown>) {
      for await (const response of handler(ctx, input(request)) as AsyncIterable<unknown>) {
        ctx.signal.throwIfAborted();
        yield output(response);
      }
    };
  }
  return async (ctx: CallContext, request: DeepPartial<unknown>) => {
    ctx.signal.throwIfAborted();
    return output(await handler(ctx, input(request)));
  };
}

class LocalBidiCall implements BidiCall<unknown, unknown> {
  readonly responses: AsyncGenerator<unknown, void, void>;
  readonly #method: MethodDefinition;
  readonly #requests = new AsyncQueue<unknown>();
  /** No more than the requests that were written: the caller bounds both. */
  readonly #responses = new AsyncQueue<unknown>();
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  #taken: (() => void) | undefined;

  constructor(ctx: CallContext, method: MethodDefinition, handler: Handler) {
    this.#method = method;
    const signal = AbortSignal.any([ctx.signal, this.#abort.signal]);
    this.#running = this.#run(handler(withSignal(ctx, signal), this.#taking()) as AsyncIterable<unknown>);
    this.responses = this.#responses[Symbol.asyncIterator]();
  }

  async write(request: DeepPartial<unknown>): Promise<void> {
    this.#requests.push(this.#method.requestType.fromPartial(request));
    while (this.#requests.size >= maxQueued && !this.#responses.ended) {
      const {promise, resolve} = Promise.withResolvers<void>();
      this.#taken = resolve;
      await promise;
    }
  }

  end(): void {
    this.#requests.end();
  }

  /** Resolves when the handler has ended, with all that it held. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort(new DOMException('context canceled', 'AbortError'));
    this.#requests.end();
    await this.#running;
  }

  async *#taking(): AsyncGenerator<unknown, void, void> {
    for await (const request of this.#requests) {
      this.#taken?.();
      yield request;
    }
  }

  /** Its failure is thrown to whoever reads the responses. */
  async #run(responses: AsyncIterable<unknown>): Promise<void> {
    try {
      for await (const response of responses)
        this.#responses.push(this.#method.responseType.fromPartial(response as DeepPartial<unknown>));
      this.#responses.end();
    } catch (error) {
      this.#responses.end(error);
    }
    this.#requests.end();
    this.#taken?.();
  }
}
