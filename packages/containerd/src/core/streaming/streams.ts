/** Streams that clients open under a name, for another call to use: progress, credentials, archives of a transfer. */
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {quote} from '../names.ts';

/** A google.protobuf.Any; what is in it is up to both ends. */
export interface StreamMessage {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/** The daemon's end of a stream. */
export interface NamedStream {
  /** The client's next message; undefined when it sends no more. Throws when the client is gone. */
  receive(): Promise<StreamMessage | undefined>;
  /** Resolves when the connection takes more. Throws when the client is gone. */
  send(message: StreamMessage): Promise<void>;
  /** Ends the client's call, with `error` if one is given. What was sent arrives before that. */
  close(error?: unknown): void;
}

const maxIdLength = 1024;
/** A namespace's clients cannot fill the memory with streams that nobody uses. */
const maxStreams = 10_000;

export class Streams {
  readonly #streams = new Map<string, Map<string, NamedStream>>();

  /** The stream is known by its id until the result is disposed. Throws already-exists. */
  register(ctx: CallContext, id: string, stream: NamedStream): Disposable {
    if (id === '' || id.length > maxIdLength) {
      throw new EngineError('invalid-argument', `stream id must have 1 to ${maxIdLength} bytes: invalid argument`);
    }
    const known = this.#streams.get(ctx.namespace) ?? new Map<string, NamedStream>();
    if (known.has(id)) throw new EngineError('already-exists', `stream ${quote(id)}: already exists`);
    if (known.size >= maxStreams) {
      throw new EngineError('resource-exhausted', `namespace has ${maxStreams} open streams: resource exhausted`);
    }
    this.#streams.set(ctx.namespace, known.set(id, stream));
    return {[Symbol.dispose]: () => this.#forget(ctx.namespace, id, stream)};
  }

  /** Throws not-found. */
  get(ctx: CallContext, id: string): NamedStream {
    const stream = this.#streams.get(ctx.namespace)?.get(id);
    if (!stream) throw new EngineError('not-found', `stream ${quote(id)}: not found`);
    return stream;
  }

  get size(): number {
    return [...this.#streams.values()].reduce((sum, streams) => sum + streams.size, 0);
  }

  #forget(namespace: string, id: string, stream: NamedStream): void {
    const known = this.#streams.get(namespace);
    if (known?.get(id) !== stream) return;
    known.delete(id);
    if (known.size === 0) this.#streams.delete(namespace);
  }
}
