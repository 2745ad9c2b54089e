/** Streams of messages between a client and containerd, known to both by a name. */
import {StreamInit} from '@longshore/api/gen/containerd/services/streaming/v1/streaming';
import {type CallContext, randomHex} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {packAny} from '../any.ts';
import type {ContainerdClient} from '../client.ts';

/** One end of a stream. */
export interface MessageStream {
  /** The next message; undefined when the other end sends no more. Throws when the stream broke. */
  receive(): Promise<{typeUrl: string; value: Uint8Array} | undefined>;
  /** Resolves when the connection takes more. */
  send(message: {typeUrl: string; value: Uint8Array}): Promise<void>;
  /** Nothing more is sent. */
  close(error?: unknown): void;
}

/** A stream that containerd knows by `id`. Disposing it ends it. */
export interface OpenStream extends MessageStream, AsyncDisposable {
  readonly id: string;
}

/** Opens a stream and waits until containerd knows it. `purpose` begins its id. */
export async function openStream(ctx: CallContext, client: ContainerdClient, purpose: string): Promise<OpenStream> {
  const id = `${purpose}-${randomHex(8)}`;
  const call = client.streaming.stream(ctx);
  try {
    await call.write(packAny('containerd.services.streaming.v1.StreamInit', StreamInit, {id}));
    if ((await call.responses.next()).done) {
      throw new EngineError('unavailable', `containerd ended the stream "${id}" early`);
    }
  } catch (error) {
    await call[Symbol.asyncDispose]();
    throw error;
  }
  return {
    id,
    receive: async () => {
      const next = await call.responses.next();
      return next.done ? undefined : next.value;
    },
    send: async ({typeUrl, value}) => {
      await call.write({typeUrl, value: Buffer.from(value.buffer, value.byteOffset, value.byteLength)});
    },
    close: () => call.end(),
    [Symbol.asyncDispose]: () => call[Symbol.asyncDispose](),
  };
}
