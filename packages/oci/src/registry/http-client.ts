/** One HTTP request with a streamed body either way: time limits, redirects, proxies. */
import http from 'node:http';
import https from 'node:https';
import {pipeline} from 'node:stream/promises';
import type {CallContext} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import {debugRequest, type HttpDebug} from './http-debug.ts';
import {type ProxySettings, proxyFor, proxySettings} from './http-proxy.ts';

export interface TlsOptions {
  /** PEM of certificates to trust beside the system's. */
  ca?: string[];
  /** One, or several with as many keys, of which the server's wishes choose. */
  cert?: string | string[];
  key?: string | string[];
  skipVerify?: boolean;
}

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: URL;
  headers?: Record<string, string>;
  /** Sent as it is read; `content-length` says how much. */
  body?: AsyncIterable<Uint8Array> | string;
  /** Follow 3xx answers (GET and HEAD only). */
  redirects?: boolean;
  /** See `Endpoint`. */
  dialTimeoutMs?: number | undefined;
}

export interface HttpResponse {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** Where the answer came from, after redirects. */
  url: URL;
  /** Read it to the end, or call `discard`. */
  body: AsyncIterable<Uint8Array>;
  discard(): void;
}

const maxRedirects = 5;
/** No byte in either direction for this long is a failure. */
const idleMs = 60_000;
const defaultDialMs = 30_000;

/** Connections to registries, kept open between requests. Dispose it to close them. */
export class HttpClient implements Disposable {
  readonly #userAgent: string;
  readonly #debug: HttpDebug | undefined;
  readonly #proxies: ProxySettings;
  /** By proxy; the empty text is none. */
  readonly #plain = new Map<string, http.Agent>();
  readonly #secure = new Map<TlsOptions, Map<string, https.Agent>>();

  /** Without `proxies` those of the environment of this moment. */
  constructor(userAgent: string, debug?: HttpDebug, proxies: ProxySettings = proxySettings(process.env)) {
    this.#userAgent = userAgent;
    this.#debug = debug;
    this.#proxies = proxies;
  }

  /** Throws `unavailable` when nobody answers. Every answer is a result, whatever its status. */
  async request(ctx: CallContext, request: HttpRequest, tls: TlsOptions): Promise<HttpResponse> {
    let {url} = request;
    let headers = {...request.headers};
    for (let hop = 0; ; hop++) {
      const response = await this.#once(ctx, {...request, url, headers}, tls);
      const target = request.redirects ? redirectTarget(response, url) : undefined;
      if (!target) return response;
      response.discard();
      if (hop >= maxRedirects)
        throw new EngineError('failed-precondition', `too many redirects from ${request.url.origin}`);
      // A storage server on another host must not see the registry's credentials.
      if (target.host !== url.host || target.protocol !== url.protocol) headers = withoutSecrets(headers);
      url = target;
    }
  }

  [Symbol.dispose](): void {
    for (const agent of this.#plain.values()) agent.destroy();
    for (const agents of this.#secure.values()) for (const agent of agents.values()) agent.destroy();
  }

  async #once(ctx: CallContext, request: HttpRequest, tls: TlsOptions): Promise<HttpResponse> {
    ctx.signal.throwIfAborted();
    const {url} = request;
    const isSecure = url.protocol === 'https:';
    const proxy = proxyFor(this.#proxies, url)?.href ?? '';
    const outgoing = (isSecure ? https : http).request(url, {
      method: request.method,
      headers: {'user-agent': this.#userAgent, ...request.headers},
      agent: isSecure ? this.#secureAgent(tls, proxy) : this.#plainAgent(proxy),
      signal: ctx.signal,
    });
    outgoing.setTimeout(idleMs, () => outgoing.destroy(new Error(`no data for ${idleMs / 1000} s`)));
    if (this.#debug) debugRequest(outgoing, this.#debug);
    limitDialling(outgoing, request.dialTimeoutMs ?? defaultDialMs);
    const response = answerOf(outgoing);
    response.catch(() => {}); // a failed body is reported first
    try {
      await Promise.race([sendBody(outgoing, request.body), response]);
      return asResponse(ctx, request, await response);
    } catch (error) {
      outgoing.destroy();
      ctx.signal.throwIfAborted();
      if (error instanceof EngineError) throw error; // of whoever made the body
      throw new HttpTransportError(request, error);
    }
  }

  #plainAgent(proxy: string): http.Agent {
    const known = this.#plain.get(proxy);
    if (known) return known;
    const agent = new http.Agent({keepAlive: true, maxSockets: 16, ...(proxy && {proxyEnv: {HTTP_PROXY: proxy}})});
    this.#plain.set(proxy, agent);
    return agent;
  }

  #secureAgent(tls: TlsOptions, proxy: string): https.Agent {
    const agents = this.#secure.get(tls) ?? new Map<string, https.Agent>();
    this.#secure.set(tls, agents);
    const known = agents.get(proxy);
    if (known) return known;
    const {ca, cert, key, skipVerify} = tls;
    const agent = new https.Agent({
      keepAlive: true,
      maxSockets: 16,
      ...(proxy && {proxyEnv: {HTTPS_PROXY: proxy}, timeout: idleMs}),
      ...(ca && ca.length > 0 ? {ca} : {}),
      ...(cert === undefined ? {} : {cert}),
      ...(key === undefined ? {} : {key}),
      rejectUnauthorized: !skipVerify,
    });
    agents.set(proxy, agent);
    return agent;
  }
}

/** Nobody answered, or not in HTTP. */
export class HttpTransportError extends EngineError {
  constructor(request: HttpRequest, cause: unknown) {
    super('unavailable', `cannot ${request.method} ${request.url.origin}${request.url.pathname}: ${messageOf(cause)}`, {
      cause,
    });
    this.name = 'HttpTransportError';
  }

  /** The server does not speak TLS on this port. */
  get isPlainServer(): boolean {
    const code = (this.cause as NodeJS.ErrnoException | undefined)?.code ?? '';
    return /WRONG_VERSION_NUMBER|EPROTO|SSL_PACKET|ERR_SSL|HTTP_REQUEST/i.test(`${code} ${messageOf(this.cause)}`);
  }
}

/** A server that does not even answer the dial is given up sooner than one that thinks. */
function limitDialling(outgoing: http.ClientRequest, limitMs: number): void {
  outgoing.once('socket', socket => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => outgoing.destroy(new Error(`dial: i/o timeout after ${limitMs / 1000} s`)), limitMs);
    socket.once('connect', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
  });
}

async function sendBody(outgoing: http.ClientRequest, body: HttpRequest['body']): Promise<void> {
  if (body === undefined || typeof body === 'string') outgoing.end(body);
  else await pipeline(body, outgoing);
}

async function answerOf(outgoing: http.ClientRequest): Promise<http.IncomingMessage> {
  const {promise, resolve, reject} = Promise.withResolvers<http.IncomingMessage>();
  outgoing.once('response', resolve).on('error', reject);
  return await promise;
}

function asResponse(ctx: CallContext, request: HttpRequest, incoming: http.IncomingMessage): HttpResponse {
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    url: request.url,
    body: readBody(ctx, request, incoming),
    discard: () => {
      incoming.on('error', () => {});
      incoming.destroy();
    },
  };
}

async function* readBody(
  ctx: CallContext,
  request: HttpRequest,
  incoming: http.IncomingMessage,
): AsyncGenerator<Uint8Array, void, void> {
  const expected = request.method === 'HEAD' ? undefined : incoming.headers['content-length'];
  let received = 0;
  try {
    for await (const chunk of incoming) {
      received += (chunk as Uint8Array).length;
      yield chunk as Uint8Array;
    }
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw new HttpTransportError(request, error);
  }
  if (expected !== undefined && received !== Number(expected)) {
    throw new HttpTransportError(request, new Error(`connection closed after ${received} of ${expected} bytes`));
  }
}

function redirectTarget(response: HttpResponse, from: URL): URL | undefined {
  const {location} = response.headers;
  if (![301, 302, 303, 307, 308].includes(response.status) || !location) return undefined;
  const target = parseUrl(location, from);
  if (target.protocol !== 'https:' && target.protocol !== 'http:') {
    throw new EngineError('unavailable', `redirect from ${from.origin} to "${target.protocol}"`);
  }
  return target;
}

/** Throws `unavailable` for what is no URL: servers send these. */
export function parseUrl(text: string, base?: URL): URL {
  try {
    return new URL(text, base);
  } catch (error) {
    throw new EngineError('unavailable', `server sent a bad URL: ${JSON.stringify(text.slice(0, 200))}`, {
      cause: error,
    });
  }
}

function withoutSecrets(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(authorization|cookie)$/i.test(name)));
}

/** A whole small body. Throws `out-of-range` beyond `limit` bytes. */
export async function readAll(response: HttpResponse, limit: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > limit) {
      response.discard();
      throw new EngineError('out-of-range', `answer of ${response.url.origin} has more than ${limit} bytes`);
    }
    parts.push(chunk);
  }
  return Buffer.concat(parts, size);
}
