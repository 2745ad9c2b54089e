/** The calling side of a ttrpc connection: any number of concurrent calls over one socket. */
import type {DeepPartial, MethodDefinition, ServiceDefinition} from '@longshore/api';
import {Request} from '@longshore/api/gen/ttrpc/request';
import type {CallContext} from '@longshore/base';
import type {ByteStream} from './byte-stream.ts';
import {ClientStream} from './client-stream.ts';
import {Flag, FrameType} from './frame.ts';
import {FrameChannel} from './frame-channel.ts';
import {metadataToWire} from './metadata.ts';
import type {CallOptions, ServiceClient} from './service-types.ts';
import {closedError, deadlineError, protocolError} from './status.ts';

export interface TtrpcClientOptions {
  /** Runs once when the connection is gone, whoever ended it: how one notices that the peer died. */
  onClose?: () => void;
}

type Requests = AsyncIterable<DeepPartial<unknown>> | Iterable<DeepPartial<unknown>>;

export class TtrpcClient implements Disposable {
  readonly #channel: FrameChannel;
  readonly #streams = new Map<number, ClientStream>();
  readonly #onClose: (() => void) | undefined;
  #nextId = 1;

  /** Owns the connected socket from now on. */
  constructor(socket: ByteStream, options: TtrpcClientOptions = {}) {
    this.#onClose = options.onClose;
    this.#channel = new FrameChannel(socket, {
      onFrame: frame => this.#streams.get(frame.streamId)?.receive(frame),
      onClose: error => this.#closed(error),
    });
    this.#channel.start();
  }

  get closed(): boolean {
    return this.#channel.closed;
  }

  /** A typed client of one service. Calls of several services may share the connection. */
  service<S extends ServiceDefinition>(definition: S): ServiceClient<S> {
    const client: Record<string, unknown> = {};
    for (const [key, method] of Object.entries(definition.methods)) {
      client[key] = this.#caller(definition.fullName, method);
    }
    return client as ServiceClient<S>;
  }

  /** Ends the connection: pending calls reject with "ttrpc: closed". */
  close(): void {
    this.#channel.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #caller(service: string, method: MethodDefinition) {
    return (ctx: CallContext, input: unknown, options: CallOptions = {}) => {
      if (method.responseStream) return this.#streamingCall(ctx, service, method, input, options);
      return this.#singleAnswerCall(ctx, service, method, input, options);
    };
  }

  async #singleAnswerCall(
    ctx: CallContext,
    service: string,
    method: MethodDefinition,
    input: unknown,
    options: CallOptions,
  ): Promise<unknown> {
    using call = this.#start(ctx, service, method, input, options);
    const item = await call.stream.messages.next();
    if (!item) throw protocolError('call ended without an answer');
    return item.message;
  }

  #streamingCall(ctx: CallContext, service: string, method: MethodDefinition, input: unknown, options: CallOptions) {
    const call = this.#start(ctx, service, method, input, options);
    return {
      async *[Symbol.asyncIterator]() {
        try {
          for await (const item of call.stream.messages) yield item.message;
        } finally {
          call[Symbol.dispose]();
        }
      },
    };
  }

  /** Sends the request. Disposing of the call forgets it: later frames of it are dropped. */
  #start(ctx: CallContext, service: string, method: MethodDefinition, input: unknown, options: CallOptions) {
    ctx.signal.throwIfAborted();
    if (this.closed) throw closedError();
    const request = Request.encode({
      service,
      method: method.name,
      payload: Buffer.from(method.requestStream ? [] : encode(method, input as DeepPartial<unknown>)),
      timeoutNano: BigInt(Math.max(0, Math.round((options.timeoutMs ?? 0) * 1e6))),
      metadata: metadataToWire(ctx, options.metadata),
    }).finish();
    const id = this.#nextId;
    this.#channel.send(id, FrameType.request, requestFlags(method), request);
    this.#nextId += 2;
    let watch: Disposable | undefined;
    const stream = new ClientStream(id, method, () => {
      this.#streams.delete(id);
      watch?.[Symbol.dispose]();
    });
    this.#streams.set(id, stream);
    watch = watchCancellation(stream, ctx.signal, options.timeoutMs);
    if (method.requestStream) void this.#sendAll(stream, method, input as Requests);
    return {
      stream,
      [Symbol.dispose]: () => {
        if (!stream.ended) stream.fail(closedError());
      },
    };
  }

  /** Sends what the caller's iterable yields, no faster than the socket takes it, then closes our side. */
  async #sendAll(stream: ClientStream, method: MethodDefinition, requests: Requests): Promise<void> {
    try {
      for await (const request of requests) {
        if (stream.ended) return;
        this.#channel.send(stream.id, FrameType.data, 0, encode(method, request));
        await this.#channel.writable();
      }
      if (!stream.ended) this.#channel.send(stream.id, FrameType.data, Flag.remoteClosed | Flag.noData);
    } catch (error) {
      stream.fail(error);
    }
  }

  #closed(error: Error | undefined): void {
    for (const stream of [...this.#streams.values()]) stream.fail(closedError(error));
    this.#onClose?.();
  }
}

function encode(method: MethodDefinition, request: DeepPartial<unknown>): Uint8Array {
  return method.requestType.encode(method.requestType.fromPartial(request)).finish();
}

function requestFlags(method: MethodDefinition): number {
  if (method.requestStream) return Flag.remoteOpen;
  return method.responseStream ? Flag.remoteClosed : 0;
}

/** Fails the stream when the signal aborts or the time is over. */
function watchCancellation(stream: ClientStream, signal: AbortSignal, timeoutMs: number | undefined): Disposable {
  const onAbort = () => stream.fail(signal.reason);
  signal.addEventListener('abort', onAbort, {once: true});
  const timer = timeoutMs ? setTimeout(() => stream.fail(deadlineError()), timeoutMs) : undefined;
  return {
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    },
  };
}
