/** Transfers that containerd makes itself: pull, push, import, export and tag, over the streams that they need. */

import type {DeepPartial} from '@longshore/api';
import {ImageStore} from '@longshore/api/gen/containerd/types/transfer/imagestore';
import {ImageExportStream, ImageImportStream} from '@longshore/api/gen/containerd/types/transfer/importexport';
import {Progress} from '@longshore/api/gen/containerd/types/transfer/progress';
import {
  AuthRequest,
  AuthResponse,
  AuthType,
  OCIRegistry,
  type RegistryResolver,
} from '@longshore/api/gen/containerd/types/transfer/registry';
import {type CallContext, withSignal} from '@longshore/base';
import type {RegistryCredentials} from '@longshore/oci';
import {type Any, packAny, unpackAny} from '../any.ts';
import type {ContainerdClient} from '../client.ts';
import {receiveBytes, sendBytes} from './byte-stream.ts';
import {type MessageStream, type OpenStream, openStream} from './message-stream.ts';

/** Where a transfer leads from or to. Messages are those of the API; fields that are left out have their defaults. */
export type TransferEnd =
  | {
      type: 'registry';
      reference: string;
      resolver?: Omit<DeepPartial<RegistryResolver>, 'authStream' | 'logsStream'>;
      /** Asked with the host of a server. */
      credentials?: (host: string) => Promise<RegistryCredentials | undefined>;
      /** Gets what `resolver.httpDebug` asks for. */
      log?: (text: string) => void;
    }
  | {type: 'store'; store: DeepPartial<ImageStore>}
  | {type: 'import'; options?: Omit<DeepPartial<ImageImportStream>, 'stream'>; bytes: AsyncIterable<Uint8Array>}
  | {
      type: 'export';
      options?: Omit<DeepPartial<ImageExportStream>, 'stream'>;
      /** Resolves when all of the archive is taken. */
      write: (bytes: AsyncIterable<Uint8Array>) => Promise<void>;
    };

export interface TransferOptions {
  source: TransferEnd;
  destination: TransferEnd;
  onProgress?: (progress: Progress) => void;
}

const types = 'containerd.types.transfer.';
/** Steps that are still on their way when the transfer is over. */
const lastProgressMs = 2_000;

/** Resolves when everything is done at both ends. Throws what went wrong at either. */
export async function transfer(ctx: CallContext, client: ContainerdClient, options: TransferOptions): Promise<void> {
  await using session = new TransferSession(ctx, client);
  const {onProgress} = options;
  const progressStream = onProgress ? await session.progress(onProgress) : '';
  const source = await session.end(options.source);
  const destination = await session.end(options.destination);
  await session.run({source, destination, options: {progressStream}});
}

class TransferSession implements AsyncDisposable {
  readonly #client: ContainerdClient;
  readonly #abort = new AbortController();
  readonly #ctx: CallContext;
  readonly #streams: OpenStream[] = [];
  /** What must be done before the transfer is. */
  readonly #work: Promise<void>[] = [];
  /** What only tells: waited for, but not for long. */
  readonly #reports: Promise<void>[] = [];

  constructor(ctx: CallContext, client: ContainerdClient) {
    this.#client = client;
    this.#ctx = withSignal(ctx, AbortSignal.any([ctx.signal, this.#abort.signal]));
  }

  async run(request: {source: Any; destination: Any; options: {progressStream: string}}): Promise<void> {
    await this.#client.transfer.transfer(this.#ctx, request);
    await Promise.all(this.#work);
    const {promise, resolve} = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, lastProgressMs);
    await Promise.race([Promise.all(this.#reports), promise]);
    clearTimeout(timer);
  }

  async end(end: TransferEnd): Promise<Any> {
    if (end.type === 'store') return packAny(`${types}ImageStore`, ImageStore, ImageStore.fromPartial(end.store));
    if (end.type === 'registry') return await this.#registry(end);
    if (end.type === 'import') {
      const stream = await this.#open('import');
      this.#feed(stream, end.bytes);
      const message = ImageImportStream.fromPartial({...end.options, stream: stream.id});
      return packAny(`${types}ImageImportStream`, ImageImportStream, message);
    }
    const stream = await this.#open('export');
    this.#mind(end.write(receiveBytes(stream)));
    const message = ImageExportStream.fromPartial({...end.options, stream: stream.id});
    return packAny(`${types}ImageExportStream`, ImageExportStream, message);
  }

  /** Returns the id of the stream. */
  async progress(show: (progress: Progress) => void): Promise<string> {
    const stream = await this.#open('progress');
    const follow = async () => {
      for (let message = await stream.receive(); message; message = await stream.receive()) {
        const step = unpackAny(message, `${types}Progress`, Progress);
        if (step) show(step);
      }
    };
    this.#report(follow());
    return stream.id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of this.#streams) await stream[Symbol.asyncDispose]();
    this.#abort.abort(new DOMException('context canceled', 'AbortError'));
  }

  async #registry(end: TransferEnd & {type: 'registry'}): Promise<Any> {
    const {reference, resolver, credentials, log} = end;
    let authStream = '';
    let logsStream = '';
    if (log) {
      const stream = await this.#open('logs');
      logsStream = stream.id;
      this.#report(forEachText(receiveBytes(stream), log));
    }
    if (credentials) {
      const stream = await this.#open('creds');
      authStream = stream.id;
      answerRequests(stream, credentials).catch(error => {
        this.#ctx.log.debug({error}, 'credentials are not asked for any more');
      });
    }
    const message = OCIRegistry.fromPartial({reference, resolver: {...resolver, authStream, logsStream}});
    return packAny(`${types}OCIRegistry`, OCIRegistry, message);
  }

  async #open(purpose: string): Promise<OpenStream> {
    const stream = await openStream(this.#ctx, this.#client, purpose);
    this.#streams.push(stream);
    return stream;
  }

  /** A source that fails ends the transfer. What happens to the stream, the transfer itself tells. */
  #feed(stream: OpenStream, bytes: AsyncIterable<Uint8Array>): void {
    const source = this.#watched(bytes);
    sendBytes(stream, source).catch(error => {
      this.#ctx.log.debug({error}, 'containerd takes no more of the archive');
    });
  }

  async *#watched(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield* bytes;
    } catch (error) {
      this.#abort.abort(error);
      throw error;
    }
  }

  #report(reporting: Promise<void>): void {
    const quiet = reporting.catch(error => {
      this.#ctx.log.debug({error}, 'reports of the transfer are lost');
    });
    this.#reports.push(quiet);
  }

  /** When our end of a stream fails, so does the transfer, with that error. */
  #mind(work: Promise<void>): void {
    this.#work.push(work);
    work.catch(error => this.#abort.abort(error));
  }
}

async function forEachText(source: AsyncIterable<Uint8Array>, log: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of source) log(decoder.decode(bytes, {stream: true}));
}

async function answerRequests(
  stream: MessageStream,
  credentials: (host: string) => Promise<RegistryCredentials | undefined>,
): Promise<void> {
  for (let message = await stream.receive(); message; message = await stream.receive()) {
    const request = unpackAny(message, `${types}AuthRequest`, AuthRequest);
    const response = AuthResponse.fromPartial(request ? toWire(await credentials(request.host)) : {});
    await stream.send(packAny(`${types}AuthResponse`, AuthResponse, response));
  }
}

function toWire(credentials: RegistryCredentials | undefined): DeepPartial<AuthResponse> {
  if (!credentials) return {authType: AuthType.NONE};
  if ('username' in credentials) {
    return {authType: AuthType.CREDENTIALS, username: credentials.username, secret: credentials.password};
  }
  if ('identityToken' in credentials) return {authType: AuthType.REFRESH, secret: credentials.identityToken};
  return {authType: AuthType.HEADER, secret: `Bearer ${credentials.registryToken}`};
}
