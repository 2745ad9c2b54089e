/** The shim's one socket: ttrpc, and gRPC for those who speak it. The first bytes of a connection tell them apart. */
import {createServer, type Server, type Socket} from 'node:net';
import type {Logger} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {listenUnix, localSocketPath, peerCredentials} from '@longshore/linux';
import type {TtrpcServer} from '@longshore/ttrpc';
import type {TaskHandlers} from './task/service.ts';

export interface ListenerServices {
  ttrpc: TtrpcServer;
  handlers: TaskHandlers;
  log: Logger;
}

export interface ShimListener {
  /** Name of the socket; empty when it has none (any more). */
  readonly path: string;
  /** Accepts no more connections. */
  close(): void;
}

const http2Preface = Buffer.from('PRI * HTTP/2.0');

/** Serves on the inherited descriptor, or on a new socket at `path`. Resolves when it accepts connections. */
export async function openListener(
  where: {fd: number | undefined; path: string},
  services: ListenerServices,
): Promise<ShimListener> {
  const fd = where.fd ?? listenUnix(where.path, {mode: 0o600});
  const server = createServer(socket => accept(socket, services));
  await listen(server, fd);
  return {path: localSocketPath(fd), close: () => server.close()};
}

async function listen(server: Server, fd: number): Promise<void> {
  const {promise, resolve, reject} = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({fd}, resolve);
  await promise;
}

function accept(socket: Socket, services: ListenerServices): void {
  const {log} = services;
  socket.on('error', error => log.debug({error}, 'connection failed'));
  try {
    requireSameUser(socket);
  } catch (error) {
    log.warn({error}, 'connection refused');
    socket.destroy();
    return;
  }
  let head: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const known = Math.min(head.length, http2Preface.length);
    const isHttp2 = head.compare(http2Preface, 0, known, 0, known) === 0;
    if (isHttp2 && known < http2Preface.length) return;
    socket.off('data', onData);
    socket.pause();
    if (isHttp2) void serveGrpc(socket, head, services);
    else {
      void services.ttrpc.accept(socket, head);
      socket.resume();
    }
  };
  socket.on('data', onData);
}

async function serveGrpc(socket: Socket, head: Buffer, services: ListenerServices): Promise<void> {
  const {grpcConnections} = await import('./grpc.ts');
  grpcConnections(services.handlers, services.log)(socket, head);
}

/** Only the user that the shim runs as may command it. */
function requireSameUser(socket: Socket): void {
  const {fd} = (socket as unknown as {_handle?: {fd?: number}})._handle ?? {};
  if (fd === undefined || fd < 0) throw new EngineError('unavailable', 'connection has no descriptor');
  const {uid, gid, pid} = peerCredentials(fd);
  if (uid === process.geteuid?.() && gid === process.getegid?.()) return;
  throw new EngineError('permission-denied', `process ${pid} of user ${uid}:${gid} may not use this shim`);
}
