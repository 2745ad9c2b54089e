/**
 * Bytes over a stream of messages: the receiver sends WindowUpdates, the sender never more Data than these allow. The end of
 * the data is the end of the sender's side.
 */
import {Data, WindowUpdate} from '@longshore/api/gen/containerd/types/transfer/streaming';
import {EngineError} from '@longshore/errdefs';
import {packAny, unpackAny} from '../any.ts';
import type {MessageStream} from './message-stream.ts';

const dataType = 'containerd.types.transfer.Data';
const windowType = 'containerd.types.transfer.WindowUpdate';

/** Bytes that may be on their way to us; more are allowed when half of them have come. */
const receiveWindow = 8 << 20;
/** Bytes of one message. */
const chunkBytes = 512 << 10;

/** What the other end sends, at the pace of the reader. Throws when it is gone before its end. */
export async function* receiveBytes(stream: MessageStream): AsyncGenerator<Uint8Array, void, void> {
  let allowed = 0;
  try {
    for (;;) {
      if (allowed <= receiveWindow / 2) {
        const update = receiveWindow - allowed;
        await stream.send(packAny(windowType, WindowUpdate, {update}));
        allowed += update;
      }
      const message = await stream.receive();
      if (!message) return;
      const {data} = required(unpackAny(message, dataType, Data), message);
      allowed -= data.length;
      if (allowed < 0) throw new EngineError('invalid-argument', 'stream has more data than allowed: invalid argument');
      if (data.length > 0) yield data;
    }
  } finally {
    stream.close();
  }
}

/** Sends everything at the pace of the other end and ends the stream, with the error if `source` throws. */
export async function sendBytes(stream: MessageStream, source: AsyncIterable<Uint8Array>): Promise<void> {
  const credit = new Credit(stream);
  try {
    for await (const bytes of source) {
      for (let at = 0; at < bytes.length; ) {
        const size = Math.min(await credit.some(), chunkBytes, bytes.length - at);
        const data = Buffer.from(bytes.buffer, bytes.byteOffset + at, size);
        await stream.send(packAny(dataType, Data, {data}));
        credit.used(size);
        at += size;
      }
    }
    stream.close();
  } catch (error) {
    stream.close(error);
    throw error;
  }
}

function required<T>(value: T | undefined, {typeUrl}: {typeUrl: string}): T {
  if (value !== undefined) return value;
  throw new EngineError('invalid-argument', `unexpected "${typeUrl}" in a stream of bytes: invalid argument`);
}

/** How much the other end takes, as its updates come in. */
class Credit {
  #bytes = 0;
  #error: unknown;
  #wake: (() => void) | undefined;

  constructor(stream: MessageStream) {
    void this.#follow(stream);
  }

  /** Bytes that may be sent, at least one. */
  async some(): Promise<number> {
    while (this.#bytes <= 0) {
      if (this.#error !== undefined) throw this.#error;
      const {promise, resolve} = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    return this.#bytes;
  }

  used(bytes: number): void {
    this.#bytes -= bytes;
  }

  async #follow(stream: MessageStream): Promise<void> {
    try {
      for (let message = await stream.receive(); message; message = await stream.receive()) {
        const {update} = required(unpackAny(message, windowType, WindowUpdate), message);
        if (update < 0) throw new EngineError('invalid-argument', 'negative window update: invalid argument');
        this.#bytes = Math.min(this.#bytes + update, Number.MAX_SAFE_INTEGER);
        this.#wake?.();
      }
      this.#error = new EngineError('canceled', 'the other end reads no more of the stream: context canceled');
    } catch (error) {
      this.#error = error;
    }
    this.#wake?.();
  }
}
