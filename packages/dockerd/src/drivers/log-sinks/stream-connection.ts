/** A connection to a log collector: TCP, TLS or a unix socket, with the words of Go for what goes wrong. */
import {connect as connectNet, type Socket} from 'node:net';
import {type ConnectionOptions, connect as connectTls} from 'node:tls';
import {EngineError} from '@longshore/errdefs';

export type Endpoint =
  | {network: 'tcp'; host: string; port: number}
  | {network: 'tls'; host: string; port: number; tls: ConnectionOptions}
  | {network: 'unix'; path: string};

const dialTimeoutMs = 10_000;
/** What a collector answers and nobody reads is dropped above this. */
const maximumAnswer = 64 * 1024;

export class StreamConnection {
  readonly #socket: Socket;
  #failure: Error | undefined;
  #answer: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', error => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the collector closed the connection')));
    socket.on('end', () => this.#fail(new Error('the collector closed the connection')));
    socket.on('data', (data: Buffer) => {
      this.#answer = Buffer.concat([this.#answer, data]).subarray(-maximumAnswer);
      this.#wake();
    });
    // A quiet connection keeps no daemon from ending.
    socket.unref();
  }

  /** Throws `dial tcp 127.0.0.1:9: connect: connection refused`. */
  static async dial(endpoint: Endpoint, signal?: AbortSignal): Promise<StreamConnection> {
    signal?.throwIfAborted();
    const socket = openSocket(endpoint);
    const limit = AbortSignal.timeout(dialTimeoutMs);
    const either = signal ? AbortSignal.any([signal, limit]) : limit;
    try {
      await connected(socket, endpoint.network === 'tls' ? 'secureConnect' : 'connect', either);
      return new StreamConnection(socket);
    } catch (error) {
      socket.on('error', () => {}); // it is told already
      socket.destroy();
      throw dialError(endpoint, error as NodeJS.ErrnoException);
    }
  }

  get isBroken(): boolean {
    return this.#failure !== undefined;
  }

  /** Resolves when the kernel has taken the bytes. Throws when the connection is broken or `signal` aborts. */
  async write(data: Uint8Array, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#failure) throw this.#failure;
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        this.#socket.destroy();
        reject(signal.reason);
      };
      signal.addEventListener('abort', abort, {once: true});
      this.#wake = () => this.#failure && reject(this.#failure);
      this.#socket.write(data, error => {
        signal.removeEventListener('abort', abort);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Offers what has been received until `take` accepts: it returns how many bytes it used, 0 for more please. */
  async receive(take: (data: Buffer) => number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const used = this.#answer.length > 0 ? take(this.#answer) : 0;
      if (used > 0) {
        this.#answer = this.#answer.subarray(used);
        return;
      }
      if (this.#failure) throw this.#failure;
      signal.throwIfAborted();
      await new Promise<void>(resolve => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => resolve(), {once: true});
      });
    }
  }

  /** Ends it in order; what was written is sent first. */
  async close(signal: AbortSignal): Promise<void> {
    if (this.#socket.destroyed || signal.aborted) {
      this.#socket.destroy();
      return;
    }
    await new Promise<void>(resolve => {
      this.#socket.once('close', () => resolve());
      signal.addEventListener('abort', () => resolve(), {once: true});
      this.#socket.end(() => resolve());
    });
    this.#socket.destroySoon();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}

function openSocket(endpoint: Endpoint): Socket {
  if (endpoint.network === 'unix') return connectNet({path: endpoint.path});
  const {host, port} = endpoint;
  if (endpoint.network === 'tcp') return connectNet({host, port});
  return connectTls({host, port, servername: /^[\d.:]+$/.test(host) ? undefined : host, ...endpoint.tls});
}

function connected(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, {once: true});
    socket.once('error', reject);
    socket.once(event, () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', reject);
      resolve();
    });
  });
}

const reasons: Record<string, string> = {
  ECONNREFUSED: 'connect: connection refused',
  ENOENT: 'connect: no such file or directory',
  EACCES: 'connect: permission denied',
  ENETUNREACH: 'connect: network is unreachable',
  EHOSTUNREACH: 'connect: no route to host',
  ECONNRESET: 'connect: connection reset by peer',
  ETIMEDOUT: 'connect: connection timed out',
};

function dialError(endpoint: Endpoint, error: NodeJS.ErrnoException & {address?: string}): EngineError {
  const reason = reasonOf(error);
  if (endpoint.network === 'unix') return unavailable(`dial unix ${endpoint.path}: ${reason}`, error);
  const {host, port} = endpoint;
  const target = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  if (error.code === 'ENOTFOUND') return unavailable(`dial tcp: lookup ${host}: no such host`, error);
  if (error.code === 'EAI_AGAIN') return unavailable(`dial tcp: lookup ${host}: server misbehaving`, error);
  return unavailable(`dial tcp ${target}: ${reason}`, error);
}

/** Go's text for a failed connect. */
export function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.name === 'TimeoutError') return 'i/o timeout';
  return reasons[error.code ?? ''] ?? error.message;
}

function unavailable(message: string, cause: unknown): EngineError {
  return new EngineError('unavailable', message, {cause});
}
