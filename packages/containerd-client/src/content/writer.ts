import {
  WriteAction,
  type WriteContentRequest,
  type WriteContentResponse,
} from '@longshore/api/gen/containerd/services/content/v1/content';
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {BidiCall} from '../call/bidi.ts';
import type {ContainerdClient} from '../client.ts';

/** Bytes of one message, and how many may be on their way without an answer. */
const chunkBytes = 1 << 20;
const windowMessages = 4;

export interface WriterOptions {
  /** Names the ingest; one writer at a time. A later writer of the same ref resumes it. */
  ref: string;
  /** Bytes of the whole blob; 0 when unknown. */
  total?: number;
  /** Digest of the whole blob, checked at commit; empty when unknown. */
  expected?: string;
}

/** An ingest that is being written. Disposing it leaves what was written for a resume; `abort` drops it. */
export interface ContentWriter extends AsyncDisposable {
  readonly ref: string;
  /** Bytes that the server has, or is being sent. */
  readonly offset: number;
  /** Appends. Resolves when a further write fits into the window; a failure may show only with a later call. */
  write(data: Uint8Array): Promise<void>;
  /** Drops everything after `offset` bytes (0 restarts the ingest). */
  truncate(offset: number): Promise<void>;
  /** Makes the blob visible and ends the writer. Throws `already-exists` when the store has this digest. */
  commit(expected: {size?: number; digest?: string; labels?: Record<string, string>}): Promise<{digest: string}>;
}

type Call = BidiCall<WriteContentRequest, WriteContentResponse>;

/**
 * Opens or resumes the ingest `ref`. Throws `already-exists` when the store has `expected`, `unavailable` when another
 * writer holds the ref.
 */
export async function openContentWriter(
  ctx: CallContext,
  client: ContainerdClient,
  options: WriterOptions,
): Promise<ContentWriter> {
  const call = client.content.write(ctx);
  try {
    const first = {action: WriteAction.STAT, ref: options.ref, total: options.total ?? 0, expected: options.expected};
    await call.write(first);
    const status = await answer(call, options.ref);
    return new Writer(call, options, Number(status.offset));
  } catch (error) {
    await call[Symbol.asyncDispose]();
    throw error;
  }
}

class Writer implements ContentWriter {
  readonly ref: string;
  readonly #options: WriterOptions;
  readonly #call: Call;
  #offset: number;
  /** Messages that the server has not answered yet. */
  #pending = 0;

  constructor(call: Call, options: WriterOptions, offset: number) {
    this.ref = options.ref;
    this.#options = options;
    this.#call = call;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  async write(data: Uint8Array): Promise<void> {
    for (let start = 0; start < data.length; start += chunkBytes) {
      const chunk = data.subarray(start, start + chunkBytes);
      await this.#send({action: WriteAction.WRITE, offset: BigInt(this.#offset), data: asBuffer(chunk)});
      this.#offset += chunk.length;
      while (this.#pending >= windowMessages) await this.#settleOne();
    }
  }

  async truncate(offset: number): Promise<void> {
    await this.#settle();
    await this.#send({action: WriteAction.WRITE, offset: BigInt(offset)});
    await this.#settle();
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
    this.#pending = 0;
    const {digest} = await answer(this.#call, this.ref);
    this.#call.end();
    return {digest};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#call[Symbol.asyncDispose]();
  }

  /** A failed call says why only to whoever reads its answers. */
  async #send(request: Partial<WriteContentRequest>): Promise<void> {
    await this.#call.write({ref: this.ref, ...request});
    this.#pending++;
  }

  async #settleOne(): Promise<void> {
    this.#pending--;
    await answer(this.#call, this.ref);
  }

  async #settle(): Promise<void> {
    while (this.#pending > 0) await this.#settleOne();
  }
}

async function answer(call: Call, ref: string): Promise<WriteContentResponse> {
  const next = await call.responses.next();
  if (next.done) throw new EngineError('unavailable', `containerd ended the ingest "${ref}" early`);
  return next.value;
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
