/** A registry in this process, with faults on demand. Tests only. */
import {createHash} from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type {AddressInfo} from 'node:net';

export interface FakeRegistryOptions {
  /** Demand a token, from a token server on the same port, or basic authentication. */
  auth?: 'bearer' | 'basic';
  users?: Record<string, string>;
  tls?: {cert: string; key: string};
  /** Called before a request is served; true means that it has answered. */
  intercept?: (request: http.IncomingMessage, response: http.ServerResponse) => boolean;
}

export class FakeRegistry implements AsyncDisposable {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, {type: string; bytes: Buffer}>();
  /** `METHOD path` of everything that was asked. */
  readonly requests: string[] = [];
  readonly authorizations: (string | undefined)[] = [];
  options: FakeRegistryOptions;
  tokensIssued = 0;
  #server: http.Server;
  #uploads = new Map<string, Buffer[]>();

  constructor(options: FakeRegistryOptions) {
    this.options = options;
    const serve = (request: http.IncomingMessage, response: http.ServerResponse) => {
      this.#serve(request, response).catch(error => response.destroy(error));
    };
    this.#server = options.tls ? https.createServer(options.tls, serve) : http.createServer(serve);
  }

  async start(): Promise<this> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  putBlob(bytes: Buffer): {mediaType: string; digest: string; size: number} {
    const digest = sha256(bytes);
    this.blobs.set(digest, bytes);
    return {mediaType: 'application/octet-stream', digest, size: bytes.length};
  }

  putManifest(name: string, type: string, document: unknown): string {
    const bytes = Buffer.from(JSON.stringify(document));
    const digest = sha256(bytes);
    for (const key of [name, digest]) this.manifests.set(key, {type, bytes});
    return digest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://x');
    this.requests.push(`${request.method} ${url.pathname}${url.search}`);
    this.authorizations.push(request.headers.authorization);
    if (this.options.intercept?.(request, response)) return;
    if (url.pathname === '/token') return this.#token(request, response, url);
    if (!this.#isAuthorized(request)) return this.#challenge(response, url);
    const match = /^\/v2\/(.+)\/(manifests|blobs)\/(.*)$/.exec(url.pathname);
    if (!match) return answer(response, url.pathname === '/v2/' ? 200 : 404, '{}');
    const [, name = '', kind, rest = ''] = match;
    if (kind === 'manifests') return await this.#manifest(request, response, rest);
    if (rest.startsWith('uploads/')) return await this.#upload(request, response, url, name);
    this.#blob(request, response, rest);
  }

  #isAuthorized({headers}: http.IncomingMessage): boolean {
    const {auth, users = {}} = this.options;
    if (auth === 'bearer') return headers.authorization === `Bearer good-${this.tokensIssued}`;
    if (auth !== 'basic') return true;
    const [user = '', password = ''] = decodeBasic(headers.authorization);
    return users[user] !== undefined && users[user] === password;
  }

  #challenge(response: http.ServerResponse, url: URL): void {
    const name = /^\/v2\/(.+)\/(manifests|blobs)\//.exec(url.pathname)?.[1];
    const scheme = this.options.tls ? 'https' : 'http';
    const bearer = `Bearer realm="${scheme}://${this.host}/token",service="fake, \\"quoted\\""`;
    const scope = name ? `,scope="repository:${name}:pull"` : '';
    response.setHeader('www-authenticate', this.options.auth === 'basic' ? 'Basic realm="x"' : bearer + scope);
    answer(response, 401, '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
  }

  #token(request: http.IncomingMessage, response: http.ServerResponse, url: URL): void {
    const {users} = this.options;
    const [user = '', password = ''] = decodeBasic(request.headers.authorization);
    if (users && request.method === 'GET' && users[user] !== password) {
      answer(response, 401, '{"details":"incorrect username or password"}');
      return;
    }
    this.tokensIssued++;
    const refresh = url.searchParams.has('offline_token') ? {refresh_token: 'identity'} : {};
    answer(response, 200, JSON.stringify({token: `good-${this.tokensIssued}`, expires_in: 300, ...refresh}));
  }

  async #manifest(request: http.IncomingMessage, response: http.ServerResponse, name: string): Promise<void> {
    if (request.method === 'PUT') {
      const bytes = await bodyOf(request);
      const digest = this.putManifest(name, request.headers['content-type'] ?? '', JSON.parse(bytes.toString()));
      response.setHeader('docker-content-digest', digest);
      answer(response, 201);
      return;
    }
    const found = this.manifests.get(name);
    if (!found) {
      answer(response, 404, '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
      return;
    }
    response.setHeader('content-type', found.type);
    response.setHeader('docker-content-digest', sha256(found.bytes));
    answer(response, 200, found.bytes);
  }

  #blob(request: http.IncomingMessage, response: http.ServerResponse, digest: string): void {
    const blob = this.blobs.get(digest);
    if (!blob) {
      answer(response, 404, '{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown to registry"}]}');
      return;
    }
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from > 0) response.setHeader('content-range', `bytes ${from}-${blob.length - 1}/${blob.length}`);
    response.setHeader('content-length', blob.length - from);
    answer(response, from > 0 ? 206 : 200, request.method === 'HEAD' ? undefined : blob.subarray(from));
  }

  async #upload(request: http.IncomingMessage, response: http.ServerResponse, url: URL, name: string): Promise<void> {
    if (request.method === 'POST') {
      const mount = url.searchParams.get('mount');
      if (mount && this.blobs.has(mount)) return answer(response, 201);
      const id = `u${this.#uploads.size}`;
      this.#uploads.set(id, []);
      response.setHeader('location', `/v2/${name}/blobs/uploads/${id}?state=1`);
      return answer(response, 202);
    }
    const id = url.pathname.split('/').at(-1) ?? '';
    const parts = this.#uploads.get(id);
    if (!parts) return answer(response, 404, '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":""}]}');
    const body = await bodyOf(request);
    if (request.method === 'PATCH') {
      parts.push(body);
      response.setHeader('location', `/v2/${name}/blobs/uploads/${id}?state=${parts.length + 1}`);
      return answer(response, 202);
    }
    const blob = Buffer.concat([...parts, body]);
    if (sha256(blob) !== url.searchParams.get('digest')) {
      return answer(response, 400, '{"errors":[{"code":"DIGEST_INVALID","message":"provided digest did not match"}]}');
    }
    this.blobs.set(sha256(blob), blob);
    answer(response, 201);
  }
}

export function answer(response: http.ServerResponse, status: number, body?: string | Buffer): void {
  response.writeHead(status).end(body);
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function decodeBasic(header = ''): string[] {
  return header.startsWith('Basic ') ? Buffer.from(header.slice(6), 'base64').toString().split(':') : [];
}

async function bodyOf(request: http.IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
