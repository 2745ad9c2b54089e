/** gRPC for servers: finds who answers a call. */
import type {Duplex} from 'node:stream';
import {status} from '@grpc/grpc-js';
import type {Logger} from '@longshore/base';
import {messageOf} from '@longshore/errdefs';
import {Session} from '../http2/session.ts';
import type {ServerStream} from '../http2/stream.ts';
import {type CallLimits, ServerCall} from './call.ts';
import {refusalBlock} from './headers.ts';

/** Answers one call, which it ends; it rejects never. */
export type CallHandler = (call: ServerCall) => Promise<void>;

export class GrpcServer {
  readonly #limits: CallLimits;
  readonly #log: Logger;
  /** By path: `/package.Service/Method`. */
  readonly #handlers = new Map<string, CallHandler>();
  readonly #services = new Set<string>();
  readonly #sessions = new Set<Session>();
  #onIdle: (() => void) | undefined;

  constructor(limits: CallLimits, log: Logger) {
    this.#limits = limits;
    this.#log = log;
  }

  /** Of one method. */
  handle(service: string, method: string, handler: CallHandler): void {
    this.#services.add(service);
    this.#handlers.set(`/${service}/${method}`, handler);
  }

  /** A connection that a client has made. */
  accept(socket: Duplex): void {
    const session = new Session(socket, {
      onStream: stream => this.#begin(stream),
      onClose: () => {
        this.#sessions.delete(session);
        if (this.#sessions.size === 0) this.#onIdle?.();
      },
      onViolation: error => this.#log.warn({error: messageOf(error)}, 'client breaks the HTTP/2 protocol'),
    });
    this.#sessions.add(session);
  }

  /** Calls in flight may end within `graceMs`; then their connections are cut. */
  async shutDown(graceMs: number): Promise<void> {
    const {promise, resolve} = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceMs);
    this.#onIdle = resolve;
    for (const session of this.#sessions) session.shutDown();
    if (this.#sessions.size > 0) await promise;
    clearTimeout(timer);
    for (const session of this.#sessions) session.destroy();
  }

  #begin(stream: ServerStream): void {
    const refusal = refusalOf(stream);
    if (refusal !== undefined) {
      stream.handler = ignoring(stream);
      stream.end(refusalBlock(refusal));
      return;
    }
    const call = new ServerCall(stream, this.#limits);
    stream.handler = call;
    const handler = this.#handlers.get(call.path);
    if (handler) void handler(call);
    else call.finish(status.UNIMPLEMENTED, this.#unknown(call.path));
  }

  #unknown(path: string): string {
    const [, service = '', method = ''] = path.split('/');
    return this.#services.has(service)
      ? `unknown method ${method} for service ${service}`
      : `unknown service ${service}`;
  }
}

/** The HTTP status for what is no call; undefined for calls. */
function refusalOf({headers}: ServerStream): number | undefined {
  if (headers.get(':method') !== 'POST') return 405;
  const isGrpc = /^application\/grpc($|[;+])/.test(headers.get('content-type') ?? '');
  return isGrpc ? undefined : 415;
}

function ignoring(stream: ServerStream) {
  return {onData: (piece: Uint8Array) => stream.credit(piece.length), onEnd() {}, onAbort() {}, onSent() {}};
}
