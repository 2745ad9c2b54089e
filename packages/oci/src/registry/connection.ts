import type {CallContext} from '@longshore/base';
import {Authorizer} from './authorizer.ts';
import type {RegistryCredentials} from './credentials.ts';
import type {Endpoint} from './endpoints.ts';
import {type HttpClient, type HttpRequest, type HttpResponse, HttpTransportError, readAll} from './http-client.ts';
import {registryError} from './registry-error.ts';

const maxErrorAnswer = 64 << 10;

export type RegistryRequest = Omit<HttpRequest, 'url'> & {
  /** Below `/v2`, with a leading slash, or a whole URL that the registry gave. */
  path: string | URL;
  /** What the token must allow: `repository:a/b:pull`. */
  scopes: readonly string[];
  /** Statuses that are results; others are thrown as RegistryError. */
  accept: readonly number[];
};

/** One server: its protocol, its tokens. */
export class Connection {
  readonly endpoint: Endpoint;
  readonly downloadAttempts: number;
  readonly #http: HttpClient;
  readonly #credentials: () => Promise<RegistryCredentials | undefined>;
  #base: URL;
  #authorizer: Authorizer;

  constructor(
    http: HttpClient,
    endpoint: Endpoint,
    credentials: () => Promise<RegistryCredentials | undefined>,
    downloadAttempts = 5,
  ) {
    this.downloadAttempts = downloadAttempts;
    this.#http = http;
    this.endpoint = endpoint;
    this.#credentials = credentials;
    this.#base = endpoint.url;
    this.#authorizer = this.#newAuthorizer();
  }

  /** Host and port. */
  get host(): string {
    return this.endpoint.url.host;
  }

  /** Resolves a path or a location that the server gave. */
  url(path: string | URL): URL {
    return typeof path === 'string' ? new URL(this.#base.href + path) : path;
  }

  /**
   * Sends a request with what authorisation it takes. A body that is a stream is read once: make sure that the
   * registry has been asked something with the same scopes before.
   */
  async request(ctx: CallContext, request: RegistryRequest): Promise<HttpResponse> {
    const {scopes} = request;
    const response = await this.#sendAuthorized(ctx, request);
    const canRepeat = request.body === undefined || typeof request.body === 'string';
    const isChallenge = response.status === 401 && canRepeat;
    if (!isChallenge || !this.#authorizer.challenged(header(response, 'www-authenticate'), scopes)) {
      return await checked(request, response);
    }
    response.discard();
    return await checked(request, await this.#sendAuthorized(ctx, request));
  }

  /** Sends a request without answering a challenge. */
  async requestOnce(ctx: CallContext, request: RegistryRequest): Promise<HttpResponse> {
    return await checked(request, await this.#sendAuthorized(ctx, request));
  }

  async #sendAuthorized(ctx: CallContext, request: RegistryRequest): Promise<HttpResponse> {
    const base = this.#base;
    const {mirrorOf, dialTimeoutMs, tls} = this.endpoint;
    const url = this.url(request.path);
    // Servers that stand in for several registries learn by this which one is meant.
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (mirrorOf && isRead && typeof request.path === 'string') url.searchParams.set('ns', mirrorOf);
    // Upload locations may be on another host: it gets the registry's token only when it is the registry.
    const isOwn = url.host === base.host && url.protocol === base.protocol;
    const authorization = isOwn ? await this.#authorizer.header(ctx, request.scopes) : undefined;
    const headers = {
      ...(isOwn ? this.endpoint.headers : {}),
      ...request.headers,
      ...(authorization === undefined ? {} : {authorization}),
    };
    try {
      return await this.#http.request(ctx, {...request, url, headers, dialTimeoutMs}, tls);
    } catch (error) {
      if (!isOwn || base.protocol === 'http:' || !this.#canFallBack(error)) throw error;
      this.#fallBack();
      return await this.#sendAuthorized(ctx, request);
    }
  }

  /** The server does not speak TLS, and need not. */
  #canFallBack(error: unknown): boolean {
    return this.endpoint.plainFallback && error instanceof HttpTransportError && error.isPlainServer;
  }

  /** From now on the server is asked in plain HTTP; several requests may find that out at once. */
  #fallBack(): void {
    if (this.#base.protocol === 'http:') return;
    this.#base = new URL(`http:${this.#base.href.slice('https:'.length)}`);
    this.#authorizer = this.#newAuthorizer();
  }

  #newAuthorizer(): Authorizer {
    return new Authorizer({
      http: this.#http,
      tls: this.endpoint.tls,
      isPlain: this.#base.protocol === 'http:',
      credentials: this.#credentials,
    });
  }
}

async function checked(request: RegistryRequest, response: HttpResponse): Promise<HttpResponse> {
  if (request.accept.includes(response.status)) return response;
  const {status, url} = response;
  const body = request.method === 'HEAD' ? '' : (await readErrorBody(response)).toString('utf8');
  throw registryError(status, body, `${request.method} ${url.origin}${url.pathname}`);
}

export function header(response: HttpResponse, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

async function readErrorBody(response: HttpResponse): Promise<Buffer> {
  try {
    return await readAll(response, maxErrorAnswer);
  } catch {
    return Buffer.alloc(0); // the status alone has to do
  }
}
