import {
  WriteAction,
  type WriteContentRequest,
  type WriteContentResponse,
} from '@longshore/api/gen/containerd/services/content/v1/content';
import {type CallContext, sleep} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import type {BidiCall} from '../call/bidi.ts';
import type {ImageServices} from '../client.ts';

/** Bytes of one message, and how many may be on their way without an answer. */
const chunkBytes = 1 << 20;
const windowMessages = 4;

/**
 * Bun (1.4.5) does not add to the window of a stream when the server raises the initial window size after it has sent
 * that stream a window update. Go's gRPC does so as it measures the line, and both then wait for each other. A new call
 * starts with the raised window, and an ingest can be resumed: at most three times until the largest window.
 */
const defaultStallMs = process.versions.bun === undefined ? 0 : 1_000;
const maxStalls = 8;
/** The server may be busy with what the call before sent. */
const reopenMs = 30_000;

export interface WriterOptions {
  /** Names the ingest; one writer at a time. A later writer of the same ref resumes it. */
  ref: string;
  /** Bytes of the whole blob; 0 when unknown. */
  total?: number;
  /** Digest of the whole blob, checked at commit; empty when unknown. */
  expected?: string;
  /** Without progress for this long, in milliseconds, the call is made anew; 0 never does. */
  stallMs?: number;
}

/** An ingest that is being written. Disposing it leaves what was written for a resume; `abort` drops it. */
export interface ContentWriter extends AsyncDisposable {
  readonly ref: string;
  /** Bytes that the server has, or is being sent. */
  readonly offset: number;
  /**
   * Appends. Resolves when a further write fits into the window; a failure may show only with a later call. The memory
   * must stay as it is until the server has answered, which is known at the commit.
   */
  write(data: Uint8Array): Promise<void>;
  /** Drops everything after `offset` bytes (0 restarts the ingest). */
  truncate(offset: number): Promise<void>;
  /** Makes the blob visible and ends the writer. Throws `already-exists` when the store has this digest. */
  commit(expected: {size?: number; digest?: string; labels?: Record<string, string>}): Promise<{digest: string}>;
}

type Call = BidiCall<WriteContentRequest, WriteContentResponse>;
type Message = Partial<WriteContentRequest>;

/**
 * Opens or resumes the ingest `ref`. Throws `already-exists` when the store has `expected`, `unavailable` when another
 * writer holds the ref.
 */
export async function openContentWriter(
  ctx: CallContext,
  client: ImageServices,
  options: WriterOptions,
): Promise<ContentWriter> {
  const {call, offset} = await openCall(ctx, client, options);
  return new Writer(ctx, client, options, call, offset);
}

async function openCall(
  ctx: CallContext,
  client: ImageServices,
  options: WriterOptions,
): Promise<{call: Call; offset: number}> {
  const call = client.content.write(ctx);
  try {
    const {ref, total = 0, expected} = options;
    await call.write({action: WriteAction.STAT, ref, total, expected});
    const status = await answer(call, ref);
    return {call, offset: Number(status.offset)};
  } catch (error) {
    await call[Symbol.asyncDispose]();
    throw error;
  }
}

class Writer implements ContentWriter {
  readonly ref: string;
  readonly #ctx: CallContext;
  readonly #client: ImageServices;
  readonly #options: WriterOptions;
  readonly #stallMs: number;
  #call: Call;
  #offset: number;
  /** Data that the server has not answered yet. */
  #unanswered: {offset: number; data: Uint8Array}[] = [];
  #stalls = 0;

  constructor(ctx: CallContext, client: ImageServices, options: WriterOptions, call: Call, offset: number) {
    this.ref = options.ref;
    this.#ctx = ctx;
    this.#client = client;
    this.#options = options;
    this.#stallMs = options.stallMs ?? (client.isLocal ? 0 : defaultStallMs);
    this.#call = call;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  async write(data: Uint8Array): Promise<void> {
    for (let start = 0; start < data.length; start += chunkBytes) {
      const piece = {offset: this.#offset, data: data.subarray(start, start + chunkBytes)};
      this.#unanswered.push(piece);
      this.#offset += piece.data.length;
      await this.#orAnew(() => this.#sendData(piece));
      while (this.#unanswered.length >= windowMessages) await this.#settleOne();
    }
  }

  async truncate(offset: number): Promise<void> {
    await this.#settle();
    await this.#send({action: WriteAction.WRITE, offset: BigInt(offset)});
    await answer(this.#call, this.ref);
    this.#offset = offset;
  }

  async commit(expected: {size?: number; digest?: string; labels?: Record<string, string>}): Promise<{digest: string}> {
    await this.#settle();
    await this.#send({
      action: WriteAction.COMMIT,
      total: BigInt(expected.size ?? this.#options.total ?? 0),
      expected: expected.digest ?? this.#options.expected ?? '',
      offset: BigInt(this.#offset),
      labels: expected.labels ?? {},
    });
    const {digest} = await answer(this.#call, this.ref);
    this.#call.end();
    return {digest};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#call[Symbol.asyncDispose]();
  }

  async #send(message: Message): Promise<void> {
    await this.#call.write({ref: this.ref, ...message});
  }

  async #sendData({offset, data}: {offset: number; data: Uint8Array}): Promise<void> {
    await this.#send({action: WriteAction.WRITE, offset: BigInt(offset), data: asBuffer(data)});
  }

  async #settle(): Promise<void> {
    while (this.#unanswered.length > 0) await this.#settleOne();
  }

  async #settleOne(): Promise<void> {
    await this.#orAnew(async () => {
      await answer(this.#call, this.ref);
      this.#unanswered.shift();
      this.#stalls = 0;
    });
  }

  /** Runs one step; when it makes no progress, everything unanswered is sent again by a new call. */
  async #orAnew(step: () => Promise<void>): Promise<void> {
    if (this.#stallMs === 0) return await step();
    const running = step();
    running.catch(() => {}); // of a call that is given up
    const timer = Promise.withResolvers<'stalled'>();
    const timeout = setTimeout(() => timer.resolve('stalled'), this.#stallMs);
    try {
      if ((await Promise.race([running, timer.promise])) !== 'stalled') return;
    } finally {
      clearTimeout(timeout);
    }
    await this.#startAnew();
  }

  async #startAnew(): Promise<void> {
    if (++this.#stalls > maxStalls) {
      throw new EngineError('unavailable', `containerd takes no more data of ingest "${this.ref}"`);
    }
    this.#ctx.log.debug({ref: this.ref, offset: this.#offset}, 'ingest makes no progress, its call is made anew');
    await this.#call[Symbol.asyncDispose]();
    const {call, offset} = await this.#reopen();
    this.#call = call;
    const left = this.#unanswered.map(piece => from(piece, offset)).filter(piece => piece.data.length > 0);
    this.#unanswered = [];
    for (const piece of left) {
      this.#unanswered.push(piece);
      await this.#orAnew(() => this.#sendData(piece));
    }
  }

  async #reopen(): Promise<{call: Call; offset: number}> {
    const deadline = Date.now() + reopenMs;
    for (;;) {
      try {
        return await openCall(this.#ctx, this.#client, this.#options);
      } catch (error) {
        // The server still works on the call before, which holds the lock of the reference.
        if (!isErrorCode(error, 'unavailable') || Date.now() > deadline) throw error;
      }
      await sleep(50, this.#ctx.signal);
    }
  }
}

/** What of a piece comes after the first `offset` bytes of the blob. */
function from(piece: {offset: number; data: Uint8Array}, offset: number): {offset: number; data: Uint8Array} {
  if (piece.offset >= offset) return piece;
  return {offset, data: piece.data.subarray(offset - piece.offset)};
}

async function answer(call: Call, ref: string): Promise<WriteContentResponse> {
  const next = await call.responses.next();
  if (next.done) throw new EngineError('unavailable', `containerd ended the ingest "${ref}" early`);
  return next.value;
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
