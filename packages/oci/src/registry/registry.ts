/** The client of Docker's registry API v2: names to descriptors, manifests and blobs, both ways. */
import type {Descriptor} from '@longshore/api/oci';
import {type CallContext, longshoreVersion} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {familiarReference, type Reference} from '../reference.ts';
import {Connection} from './connection.ts';
import type {CredentialsSource, RegistryCredentials} from './credentials.ts';
import {type Capability, type EndpointOptions, findEndpoints} from './endpoints.ts';
import {fetchBlob, fetchForeignBlob, fetchManifest, type ResolvedManifest} from './fetch.ts';
import {HttpClient} from './http-client.ts';
import type {HttpDebug} from './http-debug.ts';
import type {ProxySettings} from './http-proxy.ts';
import {type LoginResult, login} from './login.ts';
import {type BlobSource, type PushBlobOptions, type PushOutcome, pushBlob, pushManifest} from './push.ts';
import {fetchTags} from './tags.ts';

export interface RegistryOptions extends EndpointOptions {
  /** Asked with the host of the registry (`registry-1.docker.io` included). */
  credentials?: CredentialsSource;
  userAgent?: string;
  /** How often a download is tried before it fails; 5 by default. */
  downloadAttempts?: number;
  /** Those of the environment otherwise. */
  proxies?: ProxySettings;
  /** Told what goes over the lines. */
  debug?: HttpDebug;
}

export interface Registry extends Disposable {
  /** What a tag or digest points at, with its bytes. Throws `not-found`. */
  resolve(ctx: CallContext, reference: Reference): Promise<ResolvedManifest>;
  /** The tags of a repository. Throws `not-found`. */
  tags(ctx: CallContext, repository: Reference): Promise<string[]>;
  /** A manifest by its digest, checked. */
  manifest(ctx: CallContext, reference: Reference, descriptor: Descriptor): Promise<Buffer>;
  /**
   * Bytes of a blob from `offset` on. A connection that breaks is made again where it broke. The whole blob's digest
   * is for the receiver to check, which has what came before `offset`.
   */
  blob(
    ctx: CallContext,
    reference: Reference,
    descriptor: Descriptor,
    offset?: number,
  ): AsyncGenerator<Uint8Array, void, void>;
  pushBlob(
    ctx: CallContext,
    reference: Reference,
    descriptor: Descriptor,
    source: BlobSource,
    options?: PushBlobOptions,
  ): Promise<PushOutcome>;
  /** Stores a manifest under the reference's tag, or under its digest alone. */
  pushManifest(ctx: CallContext, reference: Reference, descriptor: Descriptor, bytes: Uint8Array): Promise<void>;
  /** Tries credentials on a registry (a domain as in a reference). Throws `unauthenticated`. */
  login(ctx: CallContext, domain: string, credentials: RegistryCredentials): Promise<LoginResult>;
}

/** Connections, tokens and the choice of protocol are kept until the registry is disposed. */
export function openRegistry(options: RegistryOptions = {}): Registry {
  return new RegistryClient(options);
}

class RegistryClient implements Registry {
  readonly #options: RegistryOptions;
  readonly #http: HttpClient;
  readonly #connections = new Map<string, Promise<Connection[]>>();

  constructor(options: RegistryOptions) {
    this.#options = options;
    const userAgent = options.userAgent ?? `longshore/${longshoreVersion}`;
    this.#http = new HttpClient(userAgent, options.debug, options.proxies);
  }

  async resolve(ctx: CallContext, reference: Reference): Promise<ResolvedManifest> {
    return await this.#tryEach(ctx, reference, 'resolve', connection => fetchManifest(ctx, connection, reference));
  }

  async tags(ctx: CallContext, repository: Reference): Promise<string[]> {
    return await this.#tryEach(ctx, repository, 'pull', connection => fetchTags(ctx, connection, repository));
  }

  async manifest(ctx: CallContext, reference: Reference, descriptor: Descriptor): Promise<Buffer> {
    const byDigest = {domain: reference.domain, path: reference.path, digest: descriptor.digest};
    const found = await this.#tryEach(ctx, reference, 'pull', connection => fetchManifest(ctx, connection, byDigest));
    return found.bytes;
  }

  async *blob(
    ctx: CallContext,
    reference: Reference,
    descriptor: Descriptor,
    offset = 0,
  ): AsyncGenerator<Uint8Array, void, void> {
    if (descriptor.urls && descriptor.urls.length > 0) {
      yield* fetchForeignBlob(ctx, this.#http, descriptor, offset);
      return;
    }
    let position = offset;
    const connections = await this.#connectionsFor(reference.domain, 'pull');
    for (const [index, connection] of connections.entries()) {
      try {
        // A server that breaks for good in the middle leaves the rest to the next.
        for await (const chunk of await fetchBlob(ctx, connection, reference, descriptor, position)) {
          position += chunk.length;
          yield chunk;
        }
        return;
      } catch (error) {
        this.#goOn(ctx, reference, connection, error, index === connections.length - 1);
      }
    }
    throw noServer(reference, 'pull');
  }

  async pushBlob(
    ctx: CallContext,
    reference: Reference,
    descriptor: Descriptor,
    source: BlobSource,
    options: PushBlobOptions = {},
  ): Promise<PushOutcome> {
    const connection = await this.#pushConnection(reference);
    return await pushBlob(ctx, connection, reference, descriptor, source, options);
  }

  async pushManifest(ctx: CallContext, reference: Reference, descriptor: Descriptor, bytes: Uint8Array): Promise<void> {
    await pushManifest(ctx, await this.#pushConnection(reference), reference, descriptor, bytes);
  }

  async login(ctx: CallContext, domain: string, credentials: RegistryCredentials): Promise<LoginResult> {
    const endpoints = await findEndpoints(domain, {...this.#options, mirrors: []});
    const endpoint = endpoints.at(-1);
    if (!endpoint) throw new EngineError('invalid-argument', `no server for registry "${domain}"`);
    return await login(ctx, this.#http, endpoint, credentials);
  }

  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]();
  }

  async #pushConnection(reference: Reference): Promise<Connection> {
    const [connection] = await this.#connectionsFor(reference.domain, 'push');
    if (connection) return connection;
    throw new EngineError('failed-precondition', `no server of registry "${reference.domain}" takes pushes`);
  }

  /** Mirrors first; the error of the last server, which is the registry itself, is the one that counts. */
  async #tryEach<T>(
    ctx: CallContext,
    reference: Reference,
    capability: Capability,
    action: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    const connections = await this.#connectionsFor(reference.domain, capability);
    for (const [index, connection] of connections.entries()) {
      try {
        return await action(connection);
      } catch (error) {
        this.#goOn(ctx, reference, connection, error, index === connections.length - 1);
      }
    }
    throw noServer(reference, capability);
  }

  /** Throws the error of the last server, and what no other server could change. */
  #goOn(ctx: CallContext, reference: Reference, {host}: Connection, error: unknown, isLast: boolean): void {
    ctx.signal.throwIfAborted();
    if (isLast || isErrorCode(error, 'canceled')) throw error;
    ctx.log.info({host, image: familiarReference(reference), error}, 'trying the next registry');
  }

  async #connectionsFor(domain: string, capability: Capability): Promise<Connection[]> {
    const known = this.#connections.get(domain) ?? this.#connect(domain);
    this.#connections.set(domain, known);
    known.catch(() => this.#connections.delete(domain));
    return (await known).filter(connection => connection.endpoint.capabilities.has(capability));
  }

  async #connect(domain: string): Promise<Connection[]> {
    const endpoints = await findEndpoints(domain, this.#options);
    return endpoints.map(endpoint => {
      const credentials = async () => await this.#options.credentials?.(endpoint.url.host);
      return new Connection(this.#http, endpoint, credentials, this.#options.downloadAttempts);
    });
  }
}

function noServer({domain}: Reference, capability: Capability): EngineError {
  return new EngineError('failed-precondition', `no server of registry "${domain}" can ${capability}`);
}
