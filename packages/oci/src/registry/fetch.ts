import type {Descriptor} from '@longshore/api/oci';
import {backoff, type CallContext, sleep} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {digestOf} from '../digest.ts';
import {acceptedManifests, isIndexType, isManifestType, mediaTypes} from '../media-types.ts';
import {type Reference, repositoryName} from '../reference.ts';
import {maxManifestBytes} from '../validate.ts';
import {type Connection, header} from './connection.ts';
import {type HttpClient, type HttpResponse, HttpTransportError, parseUrl, readAll} from './http-client.ts';
import {isTransientStatus, RegistryError, registryError} from './registry-error.ts';

export interface ResolvedManifest {
  descriptor: Descriptor;
  bytes: Buffer;
  /** Host that answered. */
  host: string;
}

const retryDelays = {initial: 250, max: 5_000};

/** Gets the manifest or index that a reference names. Its digest is computed, and compared with what was promised. */
export async function fetchManifest(
  ctx: CallContext,
  connection: Connection,
  reference: Reference,
): Promise<ResolvedManifest> {
  const name = reference.digest ?? reference.tag;
  if (name === undefined) throw new EngineError('invalid-argument', 'a reference to pull needs a tag or a digest');
  return await retrying(ctx, connection.downloadAttempts, async () => {
    const response = await connection.request(ctx, {
      method: 'GET',
      path: `/${reference.path}/manifests/${name}`,
      headers: {accept: [...acceptedManifests, mediaTypes.dockerSchema1Signed, '*/*'].join(', ')},
      scopes: [pullScope(reference)],
      accept: [200],
      redirects: true,
    });
    const bytes = await readAll(response, maxManifestBytes);
    const promised = reference.digest ?? header(response, 'docker-content-digest');
    const digest = digestOf(bytes);
    if (promised?.startsWith('sha256:') && promised !== digest) {
      throw new EngineError(
        'data-loss',
        `manifest of ${repositoryName(reference)} has digest ${digest}, not ${promised}`,
      );
    }
    const mediaType = manifestType(header(response, 'content-type'), bytes);
    return {descriptor: {mediaType, digest, size: bytes.length}, bytes, host: connection.host};
  });
}

/** The header decides when it names a manifest; some servers send a general one, and then the document does. */
function manifestType(contentType: string | undefined, bytes: Buffer): string {
  const declared = contentType?.split(';')[0]?.trim() ?? '';
  if (isIndexType(declared) || isManifestType(declared) || declared.includes('manifest.v1+')) return declared;
  try {
    const json = JSON.parse(bytes.toString('utf8')) as {mediaType?: unknown; manifests?: unknown};
    if (typeof json.mediaType === 'string' && /^[\x20-\x7e]{1,255}$/.test(json.mediaType)) return json.mediaType;
    return json.manifests === undefined ? mediaTypes.ociManifest : mediaTypes.ociIndex;
  } catch {
    return declared || 'application/octet-stream';
  }
}

/** Opens a blob at `offset`; the stream that comes back mends broken connections. */
export async function fetchBlob(
  ctx: CallContext,
  connection: Connection,
  reference: Reference,
  descriptor: Descriptor,
  offset: number,
): Promise<AsyncGenerator<Uint8Array, void, void>> {
  const open = (from: number) => openBlob(ctx, connection, reference, descriptor, from);
  const {downloadAttempts: attempts} = connection;
  const first = await retrying(ctx, attempts, () => open(offset));
  return mendedStream(ctx, descriptor, {offset, first, reopen: open, attempts});
}

async function openBlob(
  ctx: CallContext,
  connection: Connection,
  reference: Reference,
  {digest}: Descriptor,
  offset: number,
): Promise<HttpResponse> {
  const response = await connection.request(ctx, {
    method: 'GET',
    path: `/${reference.path}/blobs/${digest}`,
    headers: {accept: '*/*', 'accept-encoding': 'identity', ...range(offset)},
    scopes: [pullScope(reference)],
    accept: [200, 206],
    redirects: true,
  });
  return await skipTo(response, offset);
}

function range(offset: number): Record<string, string> {
  return offset > 0 ? {range: `bytes=${offset}-`} : {};
}

/** A server that knows no ranges sends everything: what is there already is read and thrown away. */
async function skipTo(response: HttpResponse, offset: number): Promise<HttpResponse> {
  if (offset === 0) return response;
  if (response.status === 206) {
    const start = /^bytes (\d+)-/.exec(header(response, 'content-range') ?? '')?.[1];
    if (start === undefined || Number(start) === offset) return response;
    response.discard();
    throw new EngineError('unavailable', `${response.url.origin} sent another range than asked for`);
  }
  const {body} = response;
  return {...response, body: dropFirst(body, offset)};
}

async function* dropFirst(source: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array, void, void> {
  let left = count;
  for await (const chunk of source) {
    if (chunk.length > left) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

/** Every piece that arrives gives new attempts: a slow and shaky line gets there in the end. */
async function* mendedStream(
  ctx: CallContext,
  descriptor: Descriptor,
  from: {
    offset: number;
    first: HttpResponse;
    reopen: (offset: number) => Promise<HttpResponse>;
    attempts: number;
  },
): AsyncGenerator<Uint8Array, void, void> {
  const {offset, first, reopen, attempts} = from;
  let position = offset;
  let failures = 0;
  let response: HttpResponse | undefined = first;
  while (position < descriptor.size || response) {
    try {
      response ??= await reopen(position);
      for await (const chunk of response.body) {
        position += chunk.length;
        failures = 0;
        if (position > descriptor.size) throw tooLong(descriptor);
        yield chunk;
      }
      response = undefined;
      if (position < descriptor.size) throw new EngineError('unavailable', 'the answer ended early');
    } catch (error) {
      response?.discard();
      response = undefined;
      if (!isTransient(error) || ++failures >= attempts) throw error;
      const delay = backoff(failures - 1, retryDelays);
      ctx.log.debug({digest: descriptor.digest, position, error, delay}, 'download is continued');
      await sleep(delay, ctx.signal);
    }
  }
}

function tooLong({digest, size}: Descriptor): EngineError {
  return new EngineError('data-loss', `blob ${digest} has more than the expected ${size} bytes`);
}

/** Layers whose bytes are not in the registry: the descriptor lists where they are. */
export async function* fetchForeignBlob(
  ctx: CallContext,
  http: HttpClient,
  descriptor: Descriptor,
  offset: number,
): AsyncGenerator<Uint8Array, void, void> {
  const [text = ''] = descriptor.urls ?? [];
  const url = parseUrl(text);
  const request = {method: 'GET' as const, url, headers: range(offset), redirects: true};
  const response = await http.request(ctx, request, {});
  if (response.status !== 200 && response.status !== 206) {
    response.discard();
    throw registryError(response.status, '', `GET ${url.origin}${url.pathname}`);
  }
  yield* (await skipTo(response, offset)).body;
}

export function isTransient(error: unknown): boolean {
  if (error instanceof RegistryError) return isTransientStatus(error.status);
  if (error instanceof HttpTransportError) return !isPermanent(error.cause);
  return error instanceof EngineError && error.code === 'unavailable';
}

/** A name that does not exist, a certificate that is not trusted, a port that nobody listens on: no use in waiting. */
function isPermanent(cause: unknown): boolean {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  return /^(ENOTFOUND|ECONNREFUSED|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS|EPROTO|ERR_SSL)/.test(code);
}

export async function retrying<T>(ctx: CallContext, attempts: number, action: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await action();
    } catch (error) {
      if (!isTransient(error) || failures >= attempts) throw error;
      await sleep(backoff(failures - 1, retryDelays), ctx.signal);
    }
  }
}

export function pullScope(reference: Reference): string {
  return `repository:${reference.path}:pull`;
}
