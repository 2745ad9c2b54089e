/** Sockets that are bound and the connections that came in by them. */
import {rm} from 'node:fs/promises';
import net from 'node:net';
import type {TlsAcceptor} from './tls-acceptor.ts';
import {type ExchangeHandler, type ServedConnection, serveConnection} from './wire/connection.ts';

export interface BoundSocket {
  target: net.ListenOptions | {fd: number; backlog: number};
  /** In the form of the `hosts` option. */
  address: string;
  /** Encrypts what comes in; only TCP is ever encrypted, even on a socket that systemd passed. */
  tls?: TlsAcceptor | undefined;
  /** File to remove at the end. */
  path?: string;
}

/** Connections wait in the backlog until `serve` is called. */
export class Listeners implements AsyncDisposable {
  readonly #servers: net.Server[] = [];
  readonly #paths: string[] = [];
  readonly #raw = new Set<net.Socket>();
  readonly #connections = new Set<ServedConnection>();
  readonly #ready = Promise.withResolvers<ExchangeHandler>();
  #closing = false;

  /** Addresses in the form of the `hosts` option. */
  readonly addresses: string[] = [];

  /** Starts answering. */
  serve(handle: ExchangeHandler): void {
    this.#ready.resolve(handle);
  }

  /** Throws what listen(2) says. */
  async add({target, address, tls, path}: BoundSocket): Promise<void> {
    const server = net.createServer({allowHalfOpen: true}, socket => {
      const isTcp = typeof server.address() === 'object';
      if (tls && isTcp) this.#acceptSecure(socket, tls);
      else void this.accept(socket);
    });
    this.#servers.push(server);
    if (path) this.#paths.push(path);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(target, () => {
        server.off('error', reject);
        resolve();
      });
    });
    this.addresses.push(address);
  }

  /** Serves one connection, after its handshake if it has one. */
  async accept(socket: net.Socket): Promise<void> {
    socket.on('error', () => {}); // an error before the connection is served; 'close' follows
    this.#remember(socket);
    const handle = await this.#ready.promise;
    if (this.#closing || socket.destroyed) return void socket.destroy();
    const connection = serveConnection(socket, handle);
    this.#connections.add(connection);
    await connection.done;
    this.#connections.delete(connection);
  }

  #acceptSecure(raw: net.Socket, tls: TlsAcceptor): void {
    raw.on('error', () => {});
    this.#remember(raw);
    if (this.#closing) raw.destroy();
    else tls.accept(raw);
  }

  #remember(socket: net.Socket): void {
    this.#raw.add(socket);
    socket.once('close', () => this.#raw.delete(socket));
  }

  /** Refuses new connections and closes idle ones; those with a running request end with it. */
  stopAccepting(): void {
    this.#closing = true;
    for (const server of this.#servers) server.close();
    for (const connection of this.#connections) connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopAccepting();
    for (const connection of this.#connections) connection.destroy();
    for (const socket of this.#raw) socket.destroy();
    for (const path of this.#paths) await rm(path, {force: true});
  }
}
