/** The daemon's sockets: unix, TCP on loopback, and those that systemd hands over. */
import {chown, rm} from 'node:fs/promises';
import net from 'node:net';
import type {Logger} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import {closeFd, listenUnix} from '@longshore/linux';
import {lookupGroupId} from '../drivers/host/groups.ts';
import {type ExchangeHandler, type ServedConnection, serveConnection} from './wire/connection.ts';

export interface ListenerOptions {
  /** `unix:///path`, `tcp://127.0.0.1:2375` or `fd://`. */
  hosts: readonly string[];
  /** Owner group of unix sockets. */
  group: string;
  /** True when the administrator named the group: a missing one is an error then. */
  groupIsGiven: boolean;
  /** How many sockets systemd passed, from fd 3 on. */
  activatedSockets: number;
  log: Logger;
}

/** First descriptor of systemd's socket activation. */
const firstActivatedFd = 3;
/** docker.sock of the original. */
const socketMode = 0o660;

/** Bound sockets. Connections wait in the backlog until `serve` is called. */
export class Listeners implements AsyncDisposable {
  readonly #servers: net.Server[] = [];
  readonly #paths: string[] = [];
  readonly #connections = new Set<ServedConnection>();
  readonly #ready = Promise.withResolvers<ExchangeHandler>();
  #closing = false;

  /** Starts answering. */
  serve(handle: ExchangeHandler): void {
    this.#ready.resolve(handle);
  }

  /** Addresses in the form of the `hosts` option. */
  readonly addresses: string[] = [];

  async add(target: net.ListenOptions | {fd: number}, address: string, socketPath?: string): Promise<void> {
    const server = net.createServer({allowHalfOpen: true}, socket => void this.#accept(socket));
    this.#servers.push(server);
    if (socketPath) this.#paths.push(socketPath);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(target, () => {
        server.off('error', reject);
        resolve();
      });
    });
    this.addresses.push(address);
  }

  async #accept(socket: net.Socket): Promise<void> {
    const early = () => {}; // an error before the connection is served; 'close' follows
    socket.on('error', early);
    const handle = await this.#ready.promise;
    if (this.#closing || socket.destroyed) return void socket.destroy();
    const connection = serveConnection(socket, handle);
    this.#connections.add(connection);
    await connection.done;
    this.#connections.delete(connection);
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
    for (const path of this.#paths) await rm(path, {force: true});
  }
}

/** Binds every host. On failure the ones bound before are closed again. */
export async function openListeners(options: ListenerOptions): Promise<Listeners> {
  const listeners = new Listeners();
  try {
    for (const host of options.hosts) await addHost(listeners, host, options);
    return listeners;
  } catch (error) {
    await listeners[Symbol.asyncDispose]();
    throw error;
  }
}

async function addHost(listeners: Listeners, host: string, options: ListenerOptions): Promise<void> {
  const [scheme = '', rest = ''] = host.split('://', 2);
  try {
    if (scheme === 'unix') await addUnix(listeners, rest || '/var/run/docker.sock', options);
    else if (scheme === 'tcp') await addTcp(listeners, rest, options.log);
    else await addActivated(listeners, options.activatedSockets);
  } catch (error) {
    throw new EngineError('unavailable', `failed to load listeners: ${messageOf(error)}`, {cause: error});
  }
}

async function addUnix(listeners: Listeners, path: string, options: ListenerOptions): Promise<void> {
  // The pid file has shown that no other daemon runs: a socket that is still there is a dead one's.
  await rm(path, {force: true});
  const fd = listenUnix(path, {mode: socketMode});
  try {
    const gid = await groupOf(options);
    if (gid !== undefined) await chown(path, 0, gid);
    await listeners.add({fd}, `unix://${path}`, path);
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

async function groupOf({group, groupIsGiven, log}: ListenerOptions): Promise<number | undefined> {
  if (group === '') return undefined;
  const gid = await lookupGroupId(group);
  if (gid !== undefined) return gid;
  if (groupIsGiven) throw new EngineError('invalid-argument', `group ${group} not found`);
  log.debug({group}, 'the group of the socket does not exist: only root may connect');
  return undefined;
}

async function addTcp(listeners: Listeners, rest: string, log: Logger): Promise<void> {
  const [, host = '', port = '2375'] = /^(.*?)(?::(\d+))?$/.exec(rest) ?? [];
  log.warn({host: rest}, 'binding to an IP address without --tlsverify gives every local user root access');
  await listeners.add({host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port)}, `tcp://${rest}`);
}

async function addActivated(listeners: Listeners, count: number): Promise<void> {
  if (count === 0)
    throw new EngineError(
      'invalid-argument',
      'no sockets found via socket activation: make sure the service was started by systemd',
    );
  for (let i = 0; i < count; i++) await listeners.add({fd: firstActivatedFd + i}, `fd://${firstActivatedFd + i}`);
}
