/** The sockets of the daemon. */
import {chmod, chown, unlink} from 'node:fs/promises';
import {type AddressInfo, createServer, type Server as NetServer, type Socket} from 'node:net';
import {createServer as createTlsServer} from 'node:tls';
import type {Logger, Tracer} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import {TtrpcServer} from '@longshore/ttrpc';
import type {CallObserver} from '../core/metrics/call-metrics.ts';
import {GrpcServer} from './grpc/server.ts';
import {addServices, type ServedService} from './serve.ts';
import {parseTcpAddress} from './tcp-address.ts';

export interface GrpcOptions {
  /** Bytes. */
  maxReceive: number;
  maxSend: number;
  services: readonly ServedService[];
  /** Told of every call. */
  observer?: CallObserver;
  /** Follows the traces of callers; one of its own when it is left out. */
  tracer?: Tracer;
  log: Logger;
}

export interface GrpcListenOptions extends GrpcOptions {
  path: string;
  uid: number;
  gid: number;
}

export interface TcpListenOptions extends GrpcOptions {
  /** `host:port`. */
  address: string;
  /** PEM texts; without a certificate connections are not encrypted. */
  tls?: {cert: string; key: string /** Clients need a certificate of this authority. */; ca?: string};
}

/** Calls in flight at the end get this long; streams and waits would go on for ever. */
const graceMs = 250;

/** Serves gRPC; the socket file belongs to `uid` and `gid`, mode 0660. Disposing it ends every call. */
export async function listenGrpc(options: GrpcListenOptions): Promise<AsyncDisposable> {
  const server = grpcServer(options);
  const listener = acceptFor(server);
  const {promise, resolve, reject} = Promise.withResolvers<void>();
  listener.once('error', reject);
  // Until its mode is set only root can connect: the umask leaves nobody else the right to write.
  listener.listen(options.path, resolve);
  try {
    await promise;
    await chmod(options.path, 0o660);
    await chown(options.path, options.uid, options.gid);
  } catch (error) {
    listener.close();
    throw new EngineError('internal', `cannot listen on "${options.path}"`, {cause: error});
  }
  return {
    async [Symbol.asyncDispose]() {
      listener.close();
      await server.shutDown(graceMs);
    },
  };
}

function grpcServer({maxReceive, maxSend, services, log, observer, tracer}: GrpcOptions): GrpcServer {
  const server = new GrpcServer({maxReceive, maxSend}, log);
  addServices(server, services, log, observer, tracer);
  return server;
}

/** Serves gRPC on TCP, with TLS when a certificate is given. */
export async function listenTcp(options: TcpListenOptions): Promise<AsyncDisposable & {port: number}> {
  const server = grpcServer(options);
  const {host, port} = parseTcpAddress(options.address);
  const listener = acceptFor(server, options.tls);
  const {promise, resolve, reject} = Promise.withResolvers<void>();
  listener.once('error', reject);
  listener.listen({port, ...(host && {host})}, resolve);
  try {
    await promise;
  } catch (error) {
    throw new EngineError('internal', `failed to get listener for TCP endpoint: ${messageOf(error)}`, {cause: error});
  }
  return {
    port: (listener.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await server.shutDown(graceMs);
    },
  };
}

function acceptFor(server: GrpcServer, tls?: TcpListenOptions['tls']): NetServer {
  const accept = (socket: Socket) => server.accept(socket);
  if (!tls) return createServer(accept);
  const {cert, key, ca} = tls;
  const clients = ca === undefined ? {} : {ca, requestCert: true, rejectUnauthorized: true};
  const listener = createTlsServer({cert, key, ...clients, ALPNProtocols: ['h2'], minVersion: 'TLSv1.2'}, accept);
  listener.on('tlsClientError', (_error, socket) => socket.destroy());
  return listener;
}

/**
 * Serves ttrpc for shims. Shims run as we do: the original compares the peer's user with its own, here the mode of the
 * socket keeps everybody else out.
 */
export async function listenTtrpc(
  path: string,
  log: Logger,
  register: (server: TtrpcServer) => void,
): Promise<AsyncDisposable> {
  const server = new TtrpcServer({log});
  register(server);
  const listener = createServer();
  server.attach(listener);
  const {promise, resolve, reject} = Promise.withResolvers<void>();
  listener.once('error', reject);
  listener.listen(path, resolve);
  try {
    await promise;
    await chmod(path, 0o600);
  } catch (error) {
    server.close();
    throw new EngineError('internal', `cannot listen on "${path}"`, {cause: error});
  }
  return {
    async [Symbol.asyncDispose]() {
      await server.shutdown(AbortSignal.timeout(graceMs));
      await unlink(path).catch(() => {}); // net.Server removes it itself, where it does
    },
  };
}
