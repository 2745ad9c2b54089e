/** A ttrpc server: services, and the connections that call them. It listens on whatever net.Server it is given. */
import type {Server} from 'node:net';
import type {MethodDefinition, ServiceDefinition} from '@longshore/api';
import {discardLogger, type Logger} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {ByteStream} from './byte-stream.ts';
import {ServerConnection} from './server-connection.ts';
import type {AnyHandler, ServiceHandlers} from './service-types.ts';

export interface TtrpcServerOptions {
  log?: Logger;
  /** Runs before a byte of a new connection is looked at; a throw closes it (peer credentials). */
  handshake?: (socket: ByteStream) => void | Promise<void>;
}

export class TtrpcServer implements AsyncDisposable {
  readonly #log: Logger;
  readonly #handshake: TtrpcServerOptions['handshake'];
  readonly #services = new Map<string, Map<string, {method: MethodDefinition; handler: AnyHandler}>>();
  readonly #connections = new Set<ServerConnection>();
  readonly #listeners = new Set<Server>();
  #closing = false;
  #onEmpty: (() => void) | undefined;

  constructor(options: TtrpcServerOptions = {}) {
    this.#log = options.log ?? discardLogger();
    this.#handshake = options.handshake;
  }

  /** Serves `handlers` under the definition's full name. */
  register<S extends ServiceDefinition>(definition: S, handlers: ServiceHandlers<S>): void {
    const methods = new Map<string, {method: MethodDefinition; handler: AnyHandler}>();
    for (const [key, method] of Object.entries(definition.methods)) {
      const handler = handlers[key] as AnyHandler | undefined;
      if (handler) methods.set(method.name, {method, handler: handler.bind(handlers)});
    }
    this.#services.set(definition.fullName, methods);
  }

  /** Serves what `listener` accepts, and closes it at the end. */
  attach(listener: Server): void {
    this.#listeners.add(listener);
    listener.on('connection', socket => void this.accept(socket));
  }

  /** Serves one connected socket; `head` is what was already read from it. */
  async accept(socket: ByteStream, head?: Uint8Array): Promise<void> {
    if (this.#closing) return void socket.destroy();
    socket.on('error', error => this.#log.debug({error}, 'ttrpc connection failed'));
    try {
      await this.#handshake?.(socket);
    } catch (error) {
      this.#log.warn({error}, 'ttrpc connection refused');
      socket.destroy();
    }
    if (!socket.destroyed) this.#serve(socket, head);
  }

  #serve(socket: ByteStream, head: Uint8Array | undefined): void {
    const connection: ServerConnection = new ServerConnection(socket, {
      find: (service, method) => this.#find(service, method),
      log: this.#log,
      onClose: () => this.#forget(connection),
    });
    this.#connections.add(connection);
    connection.start(head);
    if (this.#closing) connection.drain();
  }

  #find(service: string, name: string): {method: MethodDefinition; handler: AnyHandler} {
    const methods = this.#services.get(service);
    if (!methods) throw new EngineError('unimplemented', `service ${service}`);
    const found = methods.get(name);
    if (!found) throw new EngineError('unimplemented', `method ${name}`);
    return found;
  }

  /** Stops listening, answers what is being served, closes each connection as it falls idle. Aborting closes at once. */
  async shutdown(signal?: AbortSignal): Promise<void> {
    this.#stopListening();
    if (this.#connections.size === 0) return;
    const empty = new Promise<void>(resolve => {
      this.#onEmpty = resolve;
    });
    for (const connection of [...this.#connections]) connection.drain();
    const onAbort = () => this.#destroyAll();
    signal?.addEventListener('abort', onAbort, {once: true});
    if (signal?.aborted) onAbort();
    await empty;
    signal?.removeEventListener('abort', onAbort);
  }

  /** Drops everything at once. */
  close(): void {
    this.#stopListening();
    this.#destroyAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #stopListening(): void {
    this.#closing = true;
    for (const listener of this.#listeners) listener.close();
    this.#listeners.clear();
  }

  #destroyAll(): void {
    for (const connection of [...this.#connections]) connection.destroy();
  }

  #forget(connection: ServerConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }
}
