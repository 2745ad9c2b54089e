/** The shim's one socket: ttrpc, and gRPC for those who speak it. The first bytes of a connection tell them apart. */

import type {ServiceDefinition} from '@longshore/api';
import type {Logger} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {localSocketPath, peerCredentials} from '@longshore/linux';
import type {TtrpcServer} from '@longshore/ttrpc';
import type {StreamHandlers, UnaryHandlers} from './handlers.ts';
import {acceptStreams, type UnixStream} from './unix-stream.ts';

export interface ListenerServices {
  ttrpc: TtrpcServer;
  /** For gRPC; the ttrpc server has them already. */
  services: readonly Service[];
  log: Logger;
}

export interface Service {
  definition: ServiceDefinition;
  /** By the methods' keys; whether one streams is in the definition. */
  handlers: UnaryHandlers | StreamHandlers;
}

export interface ShimListener extends Disposable {
  /** Name of the socket; empty when it has none. */
  readonly path: string;
}

const http2Preface = Buffer.from('PRI * HTTP/2.0');

/** Serves what connects to a listening socket, from now on. Disposing closes it. */
export function openListener(fd: number, services: ListenerServices): ShimListener {
  const path = localSocketPath(fd);
  const accepting = acceptStreams(fd, stream => accept(stream, services));
  return {path, [Symbol.dispose]: () => accepting[Symbol.dispose]()};
}

function accept(stream: UnixStream, services: ListenerServices): void {
  const {log} = services;
  stream.on('error', error => log.debug({error}, 'connection failed'));
  try {
    requireSameUser(stream.fd);
  } catch (error) {
    log.warn({error}, 'connection refused');
    stream.destroy();
    return;
  }
  let head: Uint8Array = new Uint8Array(0);
  const onData = (chunk: Uint8Array) => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const known = Math.min(head.length, http2Preface.length);
    const isHttp2 = http2Preface.compare(head, 0, known, 0, known) === 0;
    if (isHttp2 && known < http2Preface.length) return;
    stream.off('data', onData);
    if (isHttp2) void serveGrpc(stream, head, services);
    else void services.ttrpc.accept(stream, head);
  };
  stream.on('data', onData);
}

async function serveGrpc(stream: UnixStream, head: Uint8Array, services: ListenerServices): Promise<void> {
  const {grpcConnections} = await import('./grpc.ts');
  grpcConnections(services.services, services.log)(stream, head);
}

/** Only the user that the shim runs as may command it. */
function requireSameUser(fd: number): void {
  const {uid, gid, pid} = peerCredentials(fd);
  if (uid === process.geteuid?.() && gid === process.getegid?.()) return;
  throw new EngineError('permission-denied', `process ${pid} of user ${uid}:${gid} may not use this shim`);
}
