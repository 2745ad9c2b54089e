/** Opens a ttrpc connection to a unix socket. */
import {connect, type Socket} from 'node:net';
import {EngineError, errnoToCode} from '@longshore/errdefs';
import {TtrpcClient, type TtrpcClientOptions} from './client.ts';
import {socketPath} from './socket-path.ts';

export interface DialOptions extends TtrpcClientOptions {
  /** Milliseconds; no limit by default (the kernel answers at once unless the backlog is full). */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Throws unavailable, not-found or permission-denied when nobody can be reached there. */
export async function dial(address: string, options: DialOptions = {}): Promise<TtrpcClient> {
  const path = socketPath(address);
  options.signal?.throwIfAborted();
  const socket = connect({path});
  try {
    await connected(socket, path, options);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return new TtrpcClient(socket, options);
}

async function connected(socket: Socket, path: string, options: DialOptions): Promise<void> {
  const {promise, resolve, reject} = Promise.withResolvers<void>();
  const onAbort = () => reject(options.signal?.reason);
  const onError = (error: NodeJS.ErrnoException) => {
    const code = error.code ?? '';
    reject(new EngineError(errnoToCode(code), `cannot connect to "${path}": ${code || error.message}`, {cause: error}));
  };
  const timer = options.timeoutMs
    ? setTimeout(() => reject(new EngineError('deadline-exceeded', `no answer from "${path}"`)), options.timeoutMs)
    : undefined;
  socket.once('connect', resolve);
  socket.on('error', onError);
  options.signal?.addEventListener('abort', onAbort, {once: true});
  try {
    await promise;
    socket.off('error', onError);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}
