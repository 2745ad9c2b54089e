/**
 * The gRPC edge, once for all services: it builds the context of a call from its headers, runs the handler, and turns
 * whatever was thrown into a status.
 */
import {
  type MethodDefinition as GrpcMethod,
  type ServiceDefinition as GrpcService,
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type Server,
  type ServerDuplexStream,
  type ServerWritableStream,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type {DeepPartial, MethodDefinition, RequestOf, ResponseOf, ServiceDefinition} from '@longshore/api';
import {type CallContext, callContext, type Logger, startSpan, Tracer, withSpan} from '@longshore/base';
import {codeOf, codeToGrpcStatus, EngineError, messageOf} from '@longshore/errdefs';
import type {CallKind, CallObserver, CallRecord} from '../core/metrics/call-metrics.ts';
import {checkIdentifier} from '../core/names.ts';

type Handler<M extends MethodDefinition> = M['requestStream'] extends true
  ? (ctx: CallContext, requests: AsyncIterable<RequestOf<M>>) => AsyncIterable<DeepPartial<ResponseOf<M>>>
  : M['responseStream'] extends true
    ? (ctx: CallContext, request: RequestOf<M>) => AsyncIterable<DeepPartial<ResponseOf<M>>>
    : (ctx: CallContext, request: RequestOf<M>) => Promise<DeepPartial<ResponseOf<M>>>;

/** One function per RPC: unary ones answer with a promise, streaming ones with an iterable. */
export type Handlers<S extends ServiceDefinition> = {readonly [K in keyof S['methods']]: Handler<S['methods'][K]>};

type AnyHandler = (ctx: CallContext, input: unknown) => Promise<unknown> | AsyncIterable<unknown>;
type AnyCall = {metadata: Metadata; on(event: 'cancelled', listener: () => void): unknown};

/** A service that can be put on the server. Without `namespaced` the header may be missing. */
export interface ServedService {
  definition: ServiceDefinition;
  handlers: {readonly [method: string]: AnyHandler};
  namespaced: boolean;
}

/** Ties handlers to their definition; the types of both are checked here. */
export function serve<S extends ServiceDefinition>(
  definition: S,
  handlers: Handlers<S>,
  namespaced = true,
): ServedService {
  return {definition, handlers: handlers as unknown as ServedService['handlers'], namespaced};
}

/** Every method of some services. */
export function callKinds(services: readonly ServedService[]): CallKind[] {
  return services.flatMap(({definition}) =>
    Object.values(definition.methods).map(method => kindOf(definition, method)),
  );
}

function kindOf({fullName: service}: ServiceDefinition, method: MethodDefinition): CallKind {
  const {name, requestStream, responseStream} = method;
  if (requestStream) return {service, method: name, type: responseStream ? 'bidi_stream' : 'client_stream'};
  return {service, method: name, type: responseStream ? 'server_stream' : 'unary'};
}

const unobserved: CallObserver = {begin: () => ({received() {}, sent() {}, ended() {}})};

export function addServices(
  server: Server,
  services: readonly ServedService[],
  log: Logger,
  observer: CallObserver = unobserved,
  tracer = new Tracer('containerd'),
): void {
  for (const service of services) {
    const methods: Record<string, GrpcMethod<unknown, unknown>> = {};
    const handlers: UntypedServiceImplementation = {};
    for (const [key, method] of Object.entries(service.definition.methods)) {
      methods[key] = grpcMethod(service.definition, method);
      handlers[key] = new MethodEdge(service, key, log, observer, tracer).handler();
    }
    server.addService(methods as GrpcService, handlers);
  }
}

function grpcMethod(service: ServiceDefinition, method: MethodDefinition): GrpcMethod<unknown, unknown> {
  return {
    path: `/${service.fullName}/${method.name}`,
    requestStream: method.requestStream,
    responseStream: method.responseStream,
    requestSerialize: request => Buffer.from(method.requestType.encode(request).finish()),
    requestDeserialize: bytes => method.requestType.decode(bytes),
    responseSerialize: response => asBuffer(method.responseType.encode(response).finish()),
    responseDeserialize: bytes => method.responseType.decode(bytes),
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

class MethodEdge {
  readonly #service: ServedService;
  readonly #method: MethodDefinition;
  readonly #handler: AnyHandler;
  readonly #log: Logger;
  readonly #observer: CallObserver;
  readonly #tracer: Tracer;

  constructor(service: ServedService, key: string, log: Logger, observer: CallObserver, tracer: Tracer) {
    this.#service = service;
    this.#method = service.definition.methods[key] as MethodDefinition;
    this.#handler = (service.handlers[key] as AnyHandler).bind(service.handlers);
    this.#log = log;
    this.#observer = observer;
    this.#tracer = tracer;
  }

  handler(): UntypedServiceImplementation[string] {
    if (this.#method.requestStream) return this.#bidi();
    return this.#method.responseStream ? this.#serverStream() : this.#unary();
  }

  #unary(): handleUnaryCall<unknown, unknown> {
    return async (call, callback) => {
      const record = this.#begin();
      record.received();
      try {
        const work = (ctx: CallContext) => this.#handler(ctx, call.request) as Promise<DeepPartial<unknown>>;
        const response = await withSpan(this.#context(call), this.#name, work, {kind: 'server'});
        record.sent();
        record.ended(status.OK);
        callback(null, this.#method.responseType.fromPartial(response));
      } catch (error) {
        const failure = this.#status(error);
        record.ended(failure.code);
        callback(failure);
      }
    };
  }

  #serverStream(): handleServerStreamingCall<unknown, unknown> {
    return call =>
      this.#stream(call, (ctx, record) => {
        record.received();
        return this.#handler(ctx, call.request) as AsyncIterable<DeepPartial<unknown>>;
      });
  }

  #bidi(): handleBidiStreamingCall<unknown, unknown> {
    return call =>
      this.#stream(call, (ctx, record) => {
        return this.#handler(ctx, counted(call.iterator({destroyOnReturn: false}), record)) as AsyncIterable<
          DeepPartial<unknown>
        >;
      });
  }

  async #stream(
    call: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>,
    open: (ctx: CallContext, record: CallRecord) => AsyncIterable<DeepPartial<unknown>>,
  ): Promise<void> {
    const record = this.#begin();
    let end = (_error?: unknown) => {};
    try {
      const span = startSpan(this.#context(call), this.#name, {kind: 'server'});
      const {ctx} = span;
      end = span.end;
      const responses = open(ctx, record);
      // A client that waits for headers learns now that its subscription stands.
      call.sendMetadata(new Metadata());
      for await (const response of responses) {
        if (ctx.signal.aborted) {
          end();
          return record.ended(status.CANCELLED);
        }
        record.sent();
        if (!call.write(this.#method.responseType.fromPartial(response))) await drained(call, ctx.signal);
      }
      record.ended(status.OK);
      call.end();
      end();
    } catch (error) {
      end(error);
      const failure = this.#status(error);
      record.ended(failure.code);
      call.emit('error', failure);
    }
  }

  #begin(): CallRecord {
    return this.#observer.begin(kindOf(this.#service.definition, this.#method));
  }

  get #name(): string {
    return `${this.#service.definition.fullName}/${this.#method.name}`;
  }

  #context(call: AnyCall): CallContext {
    const abort = new AbortController();
    call.on('cancelled', () => abort.abort(new DOMException('context canceled', 'AbortError')));
    const header = (name: string) => String(call.metadata.get(name)[0] ?? '');
    const namespace = header('containerd-namespace');
    if (this.#service.namespaced) requireNamespace(namespace);
    return callContext({
      signal: abort.signal,
      namespace,
      lease: header('containerd-lease'),
      ...this.#trace(header('traceparent')),
      log: this.#log,
    });
  }

  /** The checks of whoever supervises us would be a trace each, every second. */
  #trace(traceparent: string): Pick<CallContext, 'traceparent' | 'spans'> {
    const isCheck = traceparent === '' && this.#service.definition.fullName === 'grpc.health.v1.Health';
    return isCheck ? {traceparent} : this.#tracer.follow(traceparent);
  }

  #status(error: unknown): {code: number; details: string; message: string; name: string} {
    const code = codeOf(error);
    const method = this.#name;
    if (code === 'internal' || (code === 'unknown' && !(error instanceof EngineError))) {
      this.#log.error({method, error, stack: error instanceof Error ? error.stack : undefined}, 'call failed');
    } else {
      this.#log.debug({method, code, error}, 'call failed');
    }
    const message = messageOf(error);
    return {code: codeToGrpcStatus(code), details: message, message, name: 'Error'};
  }
}

function requireNamespace(namespace: string): void {
  if (namespace === '') throw new EngineError('failed-precondition', 'namespace is required: failed precondition');
  try {
    checkIdentifier(namespace);
  } catch (error) {
    throw new EngineError('invalid-argument', `namespace validation: ${messageOf(error)}`, {cause: error});
  }
}

/** A client that has said all may still want to hear: the end of the requests must not end the call. */
async function* counted(requests: AsyncIterable<unknown>, record: CallRecord): AsyncGenerator<unknown> {
  for await (const request of requests) {
    record.received();
    yield request;
  }
}

async function drained(call: NodeJS.EventEmitter, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const {promise, resolve} = Promise.withResolvers<void>();
  call.once('drain', resolve);
  signal.addEventListener('abort', () => resolve(), {once: true});
  await promise;
  call.off('drain', resolve);
}
