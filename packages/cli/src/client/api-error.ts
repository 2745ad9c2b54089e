/** What can go wrong between this client and the engine, in Docker's words. */
import {EngineError, type ErrorCode} from '@longshore/errdefs';
import type {Endpoint} from './endpoint.ts';

/** The engine answered with an error status. */
export class ApiError extends EngineError {
  readonly status: number;
  /** The engine's own text, without the words around it. */
  readonly detail: string;

  constructor(status: number, detail: string) {
    super(codeOfStatus(status), `Error response from daemon: ${detail}`);
    this.name = 'ApiError';
    this.status = status;
    this.detail = detail;
  }
}

/** The engine could not be reached, or broke off. */
export class ConnectionError extends EngineError {
  constructor(message: string, options?: ErrorOptions) {
    super('unavailable', message, options);
    this.name = 'ConnectionError';
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

const codes: Record<number, ErrorCode> = {
  304: 'not-modified',
  400: 'invalid-argument',
  401: 'unauthenticated',
  403: 'permission-denied',
  404: 'not-found',
  409: 'conflict',
  501: 'unimplemented',
  503: 'unavailable',
};

function codeOfStatus(status: number): ErrorCode {
  return codes[status] ?? (status >= 500 ? 'internal' : 'unknown');
}

/** Turns the system's error into the text a user of Docker knows. `request` is like `GET /v1.51/info`. */
export function connectionError(error: unknown, endpoint: Endpoint, method: string, path: string): ConnectionError {
  const {code, message} = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') return permissionDenied(error, endpoint, method, path);
  if (
    endpoint.transport.kind !== 'ssh' &&
    ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ETIMEDOUT', 'ENOTDIR'].includes(code ?? '')
  ) {
    const text = `Cannot connect to the Docker daemon at ${endpoint.url}. Is the docker daemon running?`;
    return new ConnectionError(text, {cause: error});
  }
  const text = `error during connect: ${goMethod(method)} "${requestUrl(endpoint, path)}": ${message}`;
  return new ConnectionError(text, {cause: error});
}

function permissionDenied(error: unknown, endpoint: Endpoint, method: string, path: string): ConnectionError {
  const socket = endpoint.transport.kind === 'unix' ? endpoint.transport.path : endpoint.url;
  const text =
    `permission denied while trying to connect to the Docker daemon socket at ${endpoint.url}: ${goMethod(method)} ` +
    `"${requestUrl(endpoint, path)}": dial unix ${socket}: connect: permission denied`;
  return new ConnectionError(text, {cause: error});
}

function requestUrl(endpoint: Endpoint, path: string): string {
  const {transport} = endpoint;
  if (transport.kind === 'unix') return `http://${encodeURIComponent(transport.path)}${path}`;
  if (transport.kind === 'ssh') return `http://docker.example.com${path}`;
  return `${transport.tls ? 'https' : 'http'}://${transport.host}:${transport.port}${endpoint.basePath}${path}`;
}

/** `GET` is shown as `Get`. */
function goMethod(method: string): string {
  return method[0] + method.slice(1).toLowerCase();
}
