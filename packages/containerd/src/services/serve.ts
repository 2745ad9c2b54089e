/**
 * The gRPC edge, once for all services: it builds the context of a call from its headers, runs the handler, and turns
 * whatever was thrown into a status.
 */
import {status} from '@grpc/grpc-js';
import type {DeepPartial, MethodDefinition, RequestOf, ResponseOf, ServiceDefinition} from '@longshore/api';
import {type CallContext, callContext, type Logger, startSpan, Tracer, withSpan} from '@longshore/base';
import {codeOf, codeToGrpcStatus, EngineError, messageOf} from '@longshore/errdefs';
import type {CallKind, CallObserver, CallRecord} from '../core/metrics/call-metrics.ts';
import {checkIdentifier} from '../core/names.ts';
import {type Encoder, encoderOf} from './bulk.ts';
import type {ServerCall} from './grpc/call.ts';
import {CallFailure} from './grpc/failure.ts';
import type {GrpcServer} from './grpc/server.ts';

type Handler<M extends MethodDefinition> = M['requestStream'] extends true
  ? (ctx: CallContext, requests: AsyncIterable<RequestOf<M>>) => AsyncIterable<DeepPartial<ResponseOf<M>>>
  : M['responseStream'] extends true
    ? (ctx: CallContext, request: RequestOf<M>) => AsyncIterable<DeepPartial<ResponseOf<M>>>
    : (ctx: CallContext, request: RequestOf<M>) => Promise<DeepPartial<ResponseOf<M>>>;

/** One function per RPC: unary ones answer with a promise, streaming ones with an iterable. */
export type Handlers<S extends ServiceDefinition> = {readonly [K in keyof S['methods']]: Handler<S['methods'][K]>};

type AnyHandler = (ctx: CallContext, input: unknown) => Promise<unknown> | AsyncIterable<unknown>;

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
  server: GrpcServer,
  services: readonly ServedService[],
  log: Logger,
  observer: CallObserver = unobserved,
  tracer = new Tracer('containerd'),
): void {
  for (const service of services) {
    for (const [key, method] of Object.entries(service.definition.methods)) {
      const edge = new MethodEdge(service, key, log, observer, tracer);
      server.handle(service.definition.fullName, method.name, call => edge.answer(call));
    }
  }
}

class MethodEdge {
  readonly #service: ServedService;
  readonly #method: MethodDefinition;
  readonly #handler: AnyHandler;
  readonly #log: Logger;
  readonly #observer: CallObserver;
  readonly #tracer: Tracer;
  readonly #name: string;
  readonly #kind: CallKind;
  readonly #encode: Encoder<unknown>;

  constructor(service: ServedService, key: string, log: Logger, observer: CallObserver, tracer: Tracer) {
    this.#service = service;
    this.#method = service.definition.methods[key] as MethodDefinition;
    this.#handler = (service.handlers[key] as AnyHandler).bind(service.handlers);
    this.#log = log;
    this.#observer = observer;
    this.#tracer = tracer;
    this.#name = `${service.definition.fullName}/${this.#method.name}`;
    this.#kind = kindOf(service.definition, this.#method);
    this.#encode = encoderOf(this.#name, this.#method.responseType);
  }

  /** Runs the handler, and ends the call with what it says. */
  async answer(call: ServerCall): Promise<void> {
    const record = this.#observer.begin(this.#kind);
    try {
      if (this.#method.requestStream || this.#method.responseStream) await this.#stream(call, record);
      else await this.#unary(call, record);
      record.ended(call.signal.aborted ? status.CANCELLED : status.OK);
      call.finish(status.OK, '');
    } catch (error) {
      const {code, message} = this.#status(error);
      record.ended(code);
      call.finish(code, message);
    }
  }

  async #unary(call: ServerCall, record: CallRecord): Promise<void> {
    const request = await this.#request(call);
    record.received();
    const work = (ctx: CallContext) => this.#handler(ctx, request) as Promise<DeepPartial<unknown>>;
    const response = await withSpan(this.#context(call), this.#name, work, {kind: 'server'});
    record.sent();
    await call.send(this.#encode(this.#method.responseType.fromPartial(response)));
  }

  async #stream(call: ServerCall, record: CallRecord): Promise<void> {
    const input = this.#method.requestStream ? this.#requests(call, record) : await this.#request(call);
    if (!this.#method.requestStream) record.received();
    const {ctx, end} = startSpan(this.#context(call), this.#name, {kind: 'server'});
    try {
      const responses = this.#handler(ctx, input) as AsyncIterable<DeepPartial<unknown>>;
      // A client that waits for headers learns now that its subscription stands.
      call.start();
      for await (const response of responses) {
        if (ctx.signal.aborted) break;
        record.sent();
        await call.send(this.#encode(this.#method.responseType.fromPartial(response)));
      }
      end();
    } catch (error) {
      end(error);
      throw error;
    }
  }

  /** The one request of a method that has no more. */
  async #request(call: ServerCall): Promise<unknown> {
    const bytes = await call.receive();
    if (bytes) return this.#decode(bytes);
    call.signal.throwIfAborted();
    throw new CallFailure(status.INTERNAL, 'grpc: a request without a message');
  }

  /** A client that has said all may still want to hear: the end of the requests must not end the call. */
  async *#requests(call: ServerCall, record: CallRecord): AsyncGenerator<unknown> {
    for (let bytes = await call.receive(); bytes; bytes = await call.receive()) {
      record.received();
      yield this.#decode(bytes);
    }
    call.signal.throwIfAborted();
  }

  #decode(bytes: Buffer): unknown {
    try {
      return this.#method.requestType.decode(bytes);
    } catch (error) {
      throw new CallFailure(status.INTERNAL, `grpc: error unmarshalling request: ${messageOf(error)}`);
    }
  }

  #context(call: ServerCall): CallContext {
    const namespace = call.header('containerd-namespace');
    if (this.#service.namespaced) requireNamespace(namespace);
    return callContext({
      signal: call.signal,
      namespace,
      lease: call.header('containerd-lease'),
      ...this.#trace(call.header('traceparent')),
      log: this.#log,
    });
  }

  /** The checks of whoever supervises us would be a trace each, every second. */
  #trace(traceparent: string): Pick<CallContext, 'traceparent' | 'spans'> {
    const isCheck = traceparent === '' && this.#service.definition.fullName === 'grpc.health.v1.Health';
    return isCheck ? {traceparent} : this.#tracer.follow(traceparent);
  }

  #status(error: unknown): {code: number; message: string} {
    if (error instanceof CallFailure) return error;
    const code = codeOf(error);
    const method = this.#name;
    if (code === 'internal' || (code === 'unknown' && !(error instanceof EngineError))) {
      this.#log.error({method, error, stack: error instanceof Error ? error.stack : undefined}, 'call failed');
    } else {
      this.#log.debug({method, code, error}, 'call failed');
    }
    return {code: codeToGrpcStatus(code), message: messageOf(error)};
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
