/** Images in and out: load, save, import, pull, push. */
import {type CallContext, withSignal} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {familiarName, parseReference, type Reference, repositoryName, withTag} from '@longshore/oci';
import {platformOf} from '../../core/images/images.ts';
import {type ImageTransfers, type RegistryRequest, referenceToPull} from '../../core/images/transfers.ts';
import type {ApiReply, ApiRequest, Route} from '../route.ts';
import {JsonStream} from './json-stream.ts';
import {platformParameter} from './platform-parameter.ts';
import {readRegistryAuth} from './registry-auth.ts';
import {TransferMessages} from './transfer-messages.ts';

export function transferRoutes({transfers}: {transfers: ImageTransfers}): Route[] {
  return [
    {
      method: 'POST',
      path: '/images/load',
      job: 'load',
      handle: (request, reply) => load(transfers, request, reply),
    },
    {
      method: 'POST',
      path: '/images/create',
      job: 'pull',
      handle: (request, reply) =>
        request.query.text('fromImage') === ''
          ? importRoot(transfers, request, reply)
          : pull(transfers, request, reply),
    },
    {
      method: 'POST',
      path: '/images/{name}/push',
      job: 'push',
      handle: (request, reply) => push(transfers, request, reply),
    },
    {
      method: 'GET',
      path: '/images/get',
      job: 'image_export',
      handle: (request, reply) => save(transfers, request, reply, request.query.list('names').flatMap(splitNames)),
    },
    {
      method: 'GET',
      path: '/images/{name}/get',
      job: 'image_export',
      handle: (request, reply) => save(transfers, request, reply, [request.param('name')]),
    },
  ];
}

/** A transfer ends when the client leaves. */
function clientContext({ctx, gone}: ApiRequest): CallContext {
  return withSignal(ctx, AbortSignal.any([ctx.signal, gone]));
}

async function load(transfers: ImageTransfers, request: ApiRequest, reply: ApiReply): Promise<void> {
  const platform = platformParameter(request, '1.48');
  const stream = new JsonStream(reply);
  // The head goes with the first image: clients that look at nothing else wait for it. Errors are lines all the same.
  await stream.runWithHead(() =>
    transfers.load(clientContext(request), request.body, platform, async image => {
      const text = 'name' in image ? `Loaded image: ${image.name}` : `Loaded image ID: ${image.id}`;
      await stream.send({stream: `${text}\n`});
    }),
  );
}

async function save(transfers: ImageTransfers, request: ApiRequest, reply: ApiReply, names: string[]): Promise<void> {
  if (names.length === 0) throw new EngineError('invalid-argument', 'no images to save');
  const ctx = clientContext(request);
  const archive = await transfers.save(ctx, names, platformParameter(request, '1.48'));
  const iterator = archive[Symbol.asyncIterator]();
  const first = await iterator.next(); // an error before the first byte is still an answer
  const stream = reply.stream(200, 'application/x-tar');
  for (let next = first; !next.done; next = await iterator.next()) await stream.write(next.value);
}

async function importRoot(transfers: ImageTransfers, request: ApiRequest, reply: ApiReply): Promise<void> {
  const {query} = request;
  const source = query.text('fromSrc');
  if (source === '') throw new EngineError('invalid-argument', 'either fromImage or fromSrc must be given');
  const platform = query.text('platform');
  const wanted = {
    source,
    repository: query.text('repo'),
    tag: query.text('tag'),
    message: query.text('message'),
    changes: query.list('changes'),
    platform: platform === '' ? undefined : platformOf(platform),
  };
  const ctx = clientContext(request);
  const url = source === '-' ? undefined : addressOf(source);
  const stream = new JsonStream(reply);
  await stream.run(async () => {
    const body = url ? await transfers.download(ctx, url) : request.body;
    if (url) await stream.send({status: `Downloading from ${url.href}`});
    await stream.send({status: await transfers.importRoot(ctx, body, wanted)});
  });
}

/** Of `fromSrc`, whose scheme may be left out. Throws `invalid-argument`. */
function addressOf(source: string): URL {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(source) ? source : `http://${source}`;
  if (/^https?:/i.test(text) && URL.canParse(text)) return new URL(text);
  throw new EngineError('invalid-argument', `invalid URL to import from: ${source}`);
}

async function pull(transfers: ImageTransfers, request: ApiRequest, reply: ApiReply): Promise<void> {
  const {query} = request;
  const [image, tag, platform] = [query.text('fromImage'), query.text('tag'), query.text('platform')];
  const ctx = clientContext(request);
  const credentials = readRegistryAuth(request.header('x-registry-auth'));
  const options = {credentials, platform: platform === '' ? undefined : platformOf(platform)};
  const {tag: ownTag, digest} = parseReference(image);
  const isAll = tag === '' && ownTag === undefined && digest === undefined;
  const one = referenceToPull(image, tag);
  const stream = new JsonStream(reply);
  await stream.run(async () => {
    const references = isAll ? await transfers.tagsToPull(ctx, parseReference(image), credentials) : [one];
    for (const reference of references) await pullOne(transfers, ctx, reference, options, stream);
  });
}

async function pullOne(
  transfers: ImageTransfers,
  ctx: CallContext,
  reference: Reference,
  options: Omit<RegistryRequest, 'onProgress'>,
  stream: JsonStream,
): Promise<void> {
  const messages = new TransferMessages(stream, 'pull');
  const {digest, isNew} = await transfers.pull(ctx, reference, {
    ...options,
    onProgress(event) {
      if (event.type !== 'resolved') return messages.show(event);
      const id = reference.tag ?? reference.digest ?? '';
      void stream.send({status: `Pulling from ${reference.path}`, id});
    },
  });
  await stream.send({status: `Digest: ${digest}`});
  const what = isNew ? 'Downloaded newer image for' : 'Image is up to date for';
  await stream.send({status: `Status: ${what} ${shownName(reference)}`});
}

async function push(transfers: ImageTransfers, request: ApiRequest, reply: ApiReply): Promise<void> {
  const bare = parseReference(request.param('name'));
  const tag = request.query.text('tag');
  const reference = tag === '' ? bare : withTag(bare, tag);
  const stream = new JsonStream(reply);
  const messages = new TransferMessages(stream, 'push');
  await stream.run(async () => {
    await stream.send({status: `The push refers to repository [${repositoryName(bare)}]`});
    await transfers.push(clientContext(request), reference, {
      credentials: readRegistryAuth(request.header('x-registry-auth')),
      platform: platformParameter(request, '1.46'),
      onProgress: event => messages.show(event),
      onPushed(pushed, {digest, size}) {
        void stream.send({status: `${pushed}: digest: ${digest} size: ${size}`});
        void stream.send({progressDetail: {}, aux: {Tag: pushed, Digest: digest, Size: size}});
      },
    });
  });
}

function shownName(reference: Reference): string {
  const {tag, digest} = reference;
  return familiarName(reference) + (digest === undefined ? `:${tag}` : `@${digest}`);
}

/** Old clients join the names with commas. */
function splitNames(text: string): string[] {
  return text.split(',').filter(name => name !== '');
}
