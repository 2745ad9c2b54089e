import type {Descriptor} from '@longshore/api/oci';
import {backoff, type CallContext, sleep} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {Reference} from '../reference.ts';
import {type Connection, header} from './connection.ts';
import {isTransient, pullScope} from './fetch.ts';
import {type HttpResponse, parseUrl} from './http-client.ts';

/** Bytes of the blob from `offset` on; called anew for every attempt. */
export type BlobSource = (offset: number) => AsyncIterable<Uint8Array>;

export interface PushBlobOptions {
  /** Repository of the same registry that has the blob: `library/busybox`. */
  mountFrom?: string;
  /** Send pieces of this many bytes, each a request of its own, which can be continued; 0 sends all at once. */
  chunkBytes?: number;
}

export type PushOutcome = 'exists' | 'mounted' | 'uploaded';

const attempts = 5;
const retryDelays = {initial: 250, max: 5_000};

/** Makes sure that the repository has the blob. */
export async function pushBlob(
  ctx: CallContext,
  connection: Connection,
  reference: Reference,
  descriptor: Descriptor,
  source: BlobSource,
  options: PushBlobOptions,
): Promise<PushOutcome> {
  const scopes = [pushScope(reference)];
  if (await hasBlob(ctx, connection, reference, descriptor, scopes)) return 'exists';
  for (let failures = 1; ; failures++) {
    try {
      const upload = await startUpload(ctx, connection, reference, descriptor, options.mountFrom);
      if (upload.mounted) return 'mounted';
      await sendUpload(
        ctx,
        connection,
        {location: upload.location, scopes, descriptor, source},
        options.chunkBytes ?? 0,
      );
      return 'uploaded';
    } catch (error) {
      if (!isTransient(error) || failures >= attempts) throw error;
      await sleep(backoff(failures - 1, retryDelays), ctx.signal);
    }
  }
}

async function hasBlob(
  ctx: CallContext,
  connection: Connection,
  reference: Reference,
  {digest}: Descriptor,
  scopes: readonly string[],
): Promise<boolean> {
  const path = `/${reference.path}/blobs/${digest}`;
  const request = {method: 'HEAD' as const, path, scopes, accept: [200, 404], redirects: true};
  const response = await connection.request(ctx, request);
  response.discard();
  return response.status === 200;
}

type Upload = {location: URL; scopes: readonly string[]; descriptor: Descriptor; source: BlobSource};

async function startUpload(
  ctx: CallContext,
  connection: Connection,
  reference: Reference,
  {digest}: Descriptor,
  mountFrom: string | undefined,
): Promise<{mounted: true} | {mounted: false; location: URL}> {
  const from = mountFrom === undefined || mountFrom === reference.path ? undefined : mountFrom;
  const query = from === undefined ? '' : `?${new URLSearchParams({mount: digest, from})}`;
  const scopes = [pushScope(reference), ...(from === undefined ? [] : [`repository:${from}:pull`])];
  const response = await connection.request(ctx, {
    method: 'POST',
    path: `/${reference.path}/blobs/uploads/${query}`,
    headers: {'content-length': '0'},
    scopes,
    accept: [201, 202],
  });
  response.discard();
  return response.status === 201 ? {mounted: true} : {mounted: false, location: locationOf(response)};
}

async function sendUpload(ctx: CallContext, connection: Connection, upload: Upload, chunkBytes: number): Promise<void> {
  const {descriptor, scopes, source} = upload;
  let {location} = upload;
  let body: AsyncIterable<Uint8Array> | undefined = source(0);
  if (chunkBytes > 0) {
    location = await sendChunks(ctx, connection, {...upload, location}, chunkBytes);
    body = undefined;
  }
  const url = new URL(location);
  url.searchParams.set('digest', descriptor.digest);
  const response = await connection.request(ctx, {
    method: 'PUT',
    path: url,
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': body ? String(descriptor.size) : '0',
    },
    ...(body ? {body} : {}),
    scopes,
    accept: [201, 204],
  });
  response.discard();
}

async function sendChunks(
  ctx: CallContext,
  connection: Connection,
  {location: start, descriptor, scopes, source}: Upload,
  chunkBytes: number,
): Promise<URL> {
  let location = start;
  let offset = 0;
  for await (const chunk of chunksOf(source(0), chunkBytes)) {
    const end = offset + chunk.length - 1;
    const response = await connection.request(ctx, {
      method: 'PATCH',
      path: location,
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': String(chunk.length),
        'content-range': `${offset}-${end}`,
      },
      body: once(chunk),
      scopes,
      accept: [202, 204],
    });
    response.discard();
    location = locationOf(response);
    offset = end + 1;
  }
  if (offset === descriptor.size) return location;
  throw new EngineError('data-loss', `blob ${descriptor.digest} has ${offset} bytes, expected ${descriptor.size}`);
}

async function* once(chunk: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield chunk;
}

async function* chunksOf(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer, void, void> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (let piece of source) {
    while (length + piece.length >= size) {
      const count = size - length;
      yield Buffer.concat([...parts, piece.subarray(0, count)]);
      piece = piece.subarray(count);
      parts = [];
      length = 0;
    }
    parts.push(piece);
    length += piece.length;
  }
  if (length > 0) yield Buffer.concat(parts);
}

/** Stores a manifest or index. The registry's idea of its digest must be ours. */
export async function pushManifest(
  ctx: CallContext,
  connection: Connection,
  reference: Reference,
  descriptor: Descriptor,
  bytes: Uint8Array,
): Promise<void> {
  const response = await connection.request(ctx, {
    method: 'PUT',
    path: `/${reference.path}/manifests/${reference.tag ?? descriptor.digest}`,
    headers: {'content-type': descriptor.mediaType, 'content-length': String(bytes.length)},
    body: Buffer.from(bytes).toString('utf8'),
    scopes: [pushScope(reference)],
    accept: [200, 201, 202],
  });
  response.discard();
  const stored = header(response, 'docker-content-digest');
  if (stored !== undefined && stored !== descriptor.digest) {
    throw new EngineError('data-loss', `registry stored the manifest as ${stored}, expected ${descriptor.digest}`);
  }
}

function locationOf(response: HttpResponse): URL {
  const location = header(response, 'location');
  if (location === undefined) throw new EngineError('unavailable', `${response.url.origin} gave no upload location`);
  return parseUrl(location, response.url);
}

function pushScope(reference: Reference): string {
  return `${pullScope(reference)},push`;
}
