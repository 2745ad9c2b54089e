/** What the client and the handlers of a generated service look like in TypeScript. */
import type {DeepPartial, MethodDefinition, RequestOf, ResponseOf, ServiceDefinition} from '@longshore/api';
import type {CallContext} from '@longshore/base';
import type {Metadata} from './metadata.ts';

export interface CallOptions {
  /**
   * Sent to the server as the deadline, and kept here too: the call rejects with deadline-exceeded. Milliseconds.
   * Worth giving: ttrpc has no cancel frame, so an abort of `ctx.signal` alone leaves the server working.
   */
  timeoutMs?: number;
  metadata?: Readonly<Record<string, string>>;
}

type Source<T> = AsyncIterable<T> | Iterable<T>;

type ClientMethod<M extends MethodDefinition> = M['requestStream'] extends true
  ? M['responseStream'] extends true
    ? (ctx: CallContext, requests: Source<DeepPartial<RequestOf<M>>>, options?: CallOptions) => ResponseStream<M>
    : (ctx: CallContext, requests: Source<DeepPartial<RequestOf<M>>>, options?: CallOptions) => Promise<ResponseOf<M>>
  : M['responseStream'] extends true
    ? (ctx: CallContext, request: DeepPartial<RequestOf<M>>, options?: CallOptions) => ResponseStream<M>
    : (ctx: CallContext, request: DeepPartial<RequestOf<M>>, options?: CallOptions) => Promise<ResponseOf<M>>;

type ResponseStream<M extends MethodDefinition> = AsyncIterable<ResponseOf<M>>;

/** `client.task.create(ctx, {id})`: a method per RPC. Streams start when they are called, not when they are read. */
export type ServiceClient<S extends ServiceDefinition> = {
  readonly [K in keyof S['methods']]: ClientMethod<S['methods'][K]>;
};

/** The context of a call that is being served. `signal` aborts at the caller's deadline and when the caller is gone. */
export interface ServerCallContext extends CallContext {
  readonly metadata: Metadata;
  /** Epoch milliseconds; undefined without a deadline. */
  readonly deadline: number | undefined;
}

type Handler<M extends MethodDefinition> = M['requestStream'] extends true
  ? M['responseStream'] extends true
    ? (ctx: ServerCallContext, requests: AsyncIterable<RequestOf<M>>) => AsyncIterable<DeepPartial<ResponseOf<M>>>
    : (ctx: ServerCallContext, requests: AsyncIterable<RequestOf<M>>) => Promise<DeepPartial<ResponseOf<M>>>
  : M['responseStream'] extends true
    ? (ctx: ServerCallContext, request: RequestOf<M>) => AsyncIterable<DeepPartial<ResponseOf<M>>>
    : (ctx: ServerCallContext, request: RequestOf<M>) => Promise<DeepPartial<ResponseOf<M>>>;

/** One function per RPC. A method left out answers Unimplemented, as an unknown one does. */
export type ServiceHandlers<S extends ServiceDefinition> = {
  readonly [K in keyof S['methods']]?: Handler<S['methods'][K]>;
};

/** A handler of any method, for code that serves whatever service it is given. */
export type AnyHandler = (
  ctx: ServerCallContext,
  input: unknown,
) => Promise<DeepPartial<unknown>> | AsyncIterable<DeepPartial<unknown>>;
