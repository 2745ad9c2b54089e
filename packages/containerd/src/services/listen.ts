/** The two sockets of the daemon. */
import {chmod, chown, unlink} from 'node:fs/promises';
import {createServer, type Server as NetServer} from 'node:net';
import {Server, ServerCredentials} from '@grpc/grpc-js';
import type {Logger} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {TtrpcServer} from '@longshore/ttrpc';
import {withExactWindows} from './http2-windows.ts';
import {addServices, type ServedService} from './serve.ts';

export interface GrpcListenOptions {
  path: string;
  uid: number;
  gid: number;
  /** Bytes. */
  maxReceive: number;
  maxSend: number;
  services: readonly ServedService[];
  log: Logger;
}

/** Calls in flight at the end get this long; streams and waits would go on for ever. */
const graceMs = 250;

/** What a client may send on a stream before we have taken it, in bytes: one message of its usual size and more. */
const streamWindow = 4 << 20;

/** Serves gRPC; the socket file belongs to `uid` and `gid`, mode 0660. Disposing it ends every call. */
export async function listenGrpc(options: GrpcListenOptions): Promise<AsyncDisposable> {
  const server = new Server({
    'grpc.max_receive_message_length': options.maxReceive,
    'grpc.max_send_message_length': options.maxSend,
    'grpc.enable_channelz': 0,
  });
  tuneHttp2(server);
  addServices(server, options.services, options.log);
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
    server.forceShutdown();
    throw new EngineError('internal', `cannot listen on "${options.path}"`, {cause: error});
  }
  return {
    async [Symbol.asyncDispose]() {
      listener.close();
      await shutDown(server);
    },
  };
}

/** Connections come in here and not by grpc-js's own listener: under Bun they need a filter. */
function acceptFor(server: Server): NetServer {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const isBun = process.versions.bun !== undefined;
  return createServer(socket => {
    socket.on('error', () => {}); // the session reports it
    injector.injectConnection(isBun ? withExactWindows(socket) : socket);
  });
}

/**
 * Options of HTTP/2 that grpc-js has no names for; it hands this object of its own to http2.createServer. Go's clients
 * cancel a stream once they have read what they want, so that a blob read in pieces resets thousands of streams: the
 * limit against floods of resets (1000, then 33 a second) would cut their connection. Only trusted users get here.
 */
function tuneHttp2(server: Server): void {
  const {commonServerOptions} = server as unknown as {commonServerOptions: Record<string, unknown>};
  Object.assign(commonServerOptions, {
    streamResetBurst: 1_000_000,
    streamResetRate: 1_000_000,
    settings: {initialWindowSize: streamWindow},
  });
}

async function shutDown(server: Server): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    server.forceShutdown();
    resolve();
  }, graceMs);
  server.tryShutdown(() => resolve());
  await promise;
  clearTimeout(timer);
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
