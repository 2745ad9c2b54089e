/** The Engine API for the commands: version negotiation, JSON, streams and hijacked connections. */
import type {Socket} from 'node:net';
import {type CallContext, engineApiVersion, engineVersion, type Span, startSpan} from '@longshore/base';
import {parseExactJson} from '@longshore/term';
import {ApiError, ConnectionError, connectionError} from './api-error.ts';
import type {Endpoint} from './endpoint.ts';
import {type HttpBody, HttpConnection, type HttpHead} from './http.ts';
import {openTransport} from './transport.ts';
import {encodeQuery, type Query} from './url.ts';

export interface RequestOptions {
  query?: Query;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is, with `contentType`. */
  body?: HttpBody;
  contentType?: string;
  headers?: Record<string, string>;
  /** Closes the connection when it aborts. */
  signal?: AbortSignal;
}

/** An answer with a success status. Read `body` to its end, or call `discard`. */
export interface EngineResponse {
  head: HttpHead;
  body: AsyncIterable<Buffer>;
  text(): Promise<string>;
  discard(): void;
}

/** A connection that has become a plain byte stream. */
export interface Hijacked {
  socket: Socket;
  /** Bytes that came with the head of the answer. */
  first: Buffer;
  /** True when stdout and stderr come in frames. */
  isMultiplexed: boolean | undefined;
}

/** What the engine says of itself in the headers of /_ping. */
export interface ServerTraits {
  apiVersion: string;
  os: string;
  isExperimental: boolean;
}

export interface ClientOptions {
  /** Sent with every request. */
  headers?: Record<string, string>;
  /** Fixes the API version. */
  version?: string;
  /** Told of every request, for `--debug`. */
  trace?(text: string): void;
  /** The context that requests are spans of, when the command is traced. */
  spanContext?(): CallContext | undefined;
}

export class EngineClient {
  readonly endpoint: Endpoint;
  readonly #headers: Record<string, string>;
  readonly #trace: ClientOptions['trace'];
  readonly #spanContext: () => CallContext | undefined;
  readonly #idle: HttpConnection[] = [];
  #version: string | undefined;
  #traits: Promise<ServerTraits | undefined> | undefined;

  /** `version` fixes the API version (DOCKER_API_VERSION); otherwise it is negotiated with the first request. */
  constructor(endpoint: Endpoint, options: ClientOptions = {}) {
    this.endpoint = endpoint;
    this.#version = options.version;
    this.#trace = options.trace;
    this.#spanContext = options.spanContext ?? (() => undefined);
    this.#headers = {
      ...options.headers,
      Host: hostHeader(endpoint),
      'User-Agent': `Docker-Client/${engineVersion} (linux)`,
    };
  }

  /** The API version in use. */
  async version(): Promise<string> {
    if (this.#version === undefined) {
      const server = (await this.traits())?.apiVersion;
      this.#version = server !== undefined && versionLess(server, engineApiVersion) ? server : engineApiVersion;
    }
    return this.#version;
  }

  /** True when the API in use is at least `minimum`. */
  async supports(minimum: string): Promise<boolean> {
    return !versionLess(await this.version(), minimum);
  }

  /** Asks once; undefined when the engine cannot be reached (the request to come will say why). */
  traits(): Promise<ServerTraits | undefined> {
    this.#traits ??= this.#ping();
    return this.#traits;
  }

  async get<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.json<T>('GET', path, options);
  }

  async post<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.json<T>('POST', path, options);
  }

  async delete<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.json<T>('DELETE', path, options);
  }

  /** The answer of a GET as the engine wrote it. */
  async getText(path: string, options: RequestOptions = {}): Promise<string> {
    return (await this.request('GET', path, options)).text();
  }

  /** The decoded answer; undefined when it is empty. */
  async json<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const text = await (await this.request(method, path, options)).text();
    return (text === '' ? undefined : parseExactJson(text)) as T;
  }

  /** The answer as it comes; throws ApiError for an error status. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<EngineResponse> {
    const target = `/v${await this.version()}${path}${encodeQuery(options.query)}`;
    return this.#exchange(method, target, options);
  }

  /** A POST whose connection turns into a stream of bytes both ways. */
  async hijack(path: string, options: RequestOptions = {}): Promise<Hijacked> {
    const target = `/v${await this.version()}${path}${encodeQuery(options.query)}`;
    const span = this.#startSpan('POST', target);
    const connection = await this.#connect('POST', target);
    const contentType = options.json === undefined ? 'text/plain' : 'application/json';
    const headers = {'Content-Type': contentType, ...options.headers, ...traceHeaders(span)};
    Object.assign(headers, {Connection: 'Upgrade', Upgrade: 'tcp'});
    const head = await this.#send(connection, 'POST', target, {...options, headers});
    span?.end();
    if (head.status !== 101 && head.status !== 200) throw await this.#failure(connection, head, 'POST', target);
    const type = head.headers.get('content-type') ?? '';
    const isMultiplexed = type.endsWith('multiplexed-stream') ? true : undefined;
    return {...connection.hijack(), isMultiplexed};
  }

  /** Closes what is kept open for further requests. */
  close(): void {
    for (const connection of this.#idle.splice(0)) connection.socket.destroy();
  }

  async #ping(): Promise<ServerTraits | undefined> {
    try {
      let response = await this.#exchange('HEAD', '/_ping', {}).catch(error => {
        if (error instanceof ApiError) return undefined; // an engine that knows no HEAD
        throw error;
      });
      response ??= await this.#exchange('GET', '/_ping', {});
      await response.text();
      const {headers} = response.head;
      return {
        apiVersion: headers.get('api-version') ?? '1.24',
        os: headers.get('ostype') ?? '',
        isExperimental: headers.get('docker-experimental') === 'true',
      };
    } catch (error) {
      if (error instanceof ApiError || error instanceof ConnectionError) return undefined;
      throw error;
    }
  }

  async #exchange(method: string, target: string, options: RequestOptions): Promise<EngineResponse> {
    const span = this.#startSpan(method, target);
    const connection = await this.#connect(method, target);
    const abort = () => connection.socket.destroy(options.signal?.reason);
    options.signal?.addEventListener('abort', abort, {once: true});
    const headers = {...options.headers, ...traceHeaders(span)};
    const head = await this.#send(connection, method, target, {...options, headers});
    if (head.status >= 400 || head.status < 200) {
      const failure = await this.#failure(connection, head, method, target);
      span?.end(failure);
      throw failure;
    }
    return this.#response(connection, head, method, () => {
      options.signal?.removeEventListener('abort', abort);
      span?.end();
    });
  }

  #response(connection: HttpConnection, head: HttpHead, method: string, done: () => void): EngineResponse {
    const release = () => {
      done();
      if (connection.reusable) this.#idle.push(connection);
      else connection.socket.destroy();
    };
    const read = async function* () {
      try {
        yield* connection.body(head, method);
      } finally {
        release();
      }
    };
    const body = read();
    const text = async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of body) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    };
    return {head, body, text, discard: () => connection.socket.destroy()};
  }

  /** Ends with the answer's body, for a stream with its begin; one that fails otherwise stays open and is not shown. */
  #startSpan(method: string, target: string): Span | undefined {
    const ctx = this.#spanContext();
    return ctx && startSpan(ctx, `${method} ${spanPath(target)}`, {kind: 'client'});
  }

  async #connect(method: string, target: string): Promise<HttpConnection> {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.reusable) return idle;
      idle.socket.destroy();
    }
    try {
      return new HttpConnection(await openTransport(this.endpoint.transport));
    } catch (error) {
      throw connectionError(error, this.endpoint, method, target);
    }
  }

  async #send(connection: HttpConnection, method: string, target: string, options: RequestOptions): Promise<HttpHead> {
    const headers: Record<string, string> = {...this.#headers};
    let body = options.body;
    if (options.json !== undefined) {
      body = JSON.stringify(options.json);
      headers['Content-Type'] = 'application/json';
    }
    if (options.contentType) headers['Content-Type'] = options.contentType;
    Object.assign(headers, options.headers);
    const path = this.endpoint.basePath + target;
    this.#trace?.(`${method} ${path}`);
    try {
      return await connection.exchange({method, path, headers, ...(body !== undefined && {body})});
    } catch (error) {
      connection.socket.destroy();
      options.signal?.throwIfAborted();
      throw connectionError(error, this.endpoint, method, target);
    }
  }

  async #failure(connection: HttpConnection, head: HttpHead, method: string, target: string): Promise<ApiError> {
    const text = (await this.#response(connection, head, method, () => {}).text()).trim();
    return new ApiError(head.status, errorText(head, text, target));
  }
}

function traceHeaders(span: Span | undefined): Record<string, string> {
  return span ? {traceparent: span.ctx.traceparent} : {};
}

/** Without version, query and the digits of ids that nobody reads. */
function spanPath(target: string): string {
  const [path = ''] = target.split('?');
  return path.replace(/^\/v[\d.]+/, '').replace(/[0-9a-f]{64}/g, id => id.slice(0, 12));
}

function errorText(head: HttpHead, text: string, target: string): string {
  if (text === '') {
    const route = target.split('?')[0];
    return `request returned ${head.reason || head.status} for API route and version ${route}, check if the server supports the requested API version`;
  }
  if (!head.headers.get('content-type')?.includes('json')) return text;
  try {
    return (JSON.parse(text) as {message?: string}).message ?? text;
  } catch {
    return text;
  }
}

/** The name Docker's client sends for a socket, which has none. */
function hostHeader(endpoint: Endpoint): string {
  const {transport} = endpoint;
  if (transport.kind !== 'tcp') return 'api.moby.localhost';
  return transport.host.includes(':') ? `[${transport.host}]:${transport.port}` : `${transport.host}:${transport.port}`;
}

/** Compares `1.9` and `1.41` by their numbers. */
export function versionLess(a: string, b: string): boolean {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor !== bMajor ? aMajor < bMajor : aMinor < bMinor;
}
