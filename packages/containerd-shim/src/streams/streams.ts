/**
 * The streams that clients open on this shim's socket, by their ids, and the processes whose stdio they are. Either may
 * come first; a client may go away and another take its place.
 */
import {type Deferred, deferred} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {StreamEnd} from './stream-end.ts';

interface Stream {
  /** The process's side. */
  end: StreamEnd | undefined;
  /** Set while a client has the stream open and the process is not there. */
  waiting: Deferred<StreamEnd> | undefined;
  connected: boolean;
}

/** Streams that clients may have open without a process. */
const maximumUnclaimed = 1024;

export class Streams {
  /** The shim's socket: the address in the URI of each of its streams. */
  readonly path: string;
  readonly #streams = new Map<string, Stream>();

  constructor(path: string) {
    this.path = path;
  }

  /** A process's stdio is the stream `id` from now on, until disposed of. Throws already-exists. */
  claim(id: string, end: StreamEnd): Disposable {
    const stream = this.#streams.get(id) ?? {end: undefined, waiting: undefined, connected: false};
    if (stream.end) throw new EngineError('already-exists', `stream "${id}" is in use: already exists`);
    stream.end = end;
    stream.waiting?.resolve(end);
    stream.waiting = undefined;
    this.#streams.set(id, stream);
    return {
      [Symbol.dispose]: () => {
        stream.end = undefined;
        if (!stream.connected) this.#streams.delete(id);
      },
    };
  }

  /**
   * A client has opened the stream `id`. `end` resolves with the process's side when there is one, with undefined when
   * the client has gone. Throws already-exists while another client has it, resource-exhausted for too many.
   */
  connect(id: string, signal: AbortSignal): Disposable & {end: Promise<StreamEnd | undefined>} {
    if (id === '') throw new EngineError('invalid-argument', 'stream id must not be empty: invalid argument');
    const stream = this.#streams.get(id) ?? {end: undefined, waiting: undefined, connected: false};
    if (stream.connected) throw new EngineError('already-exists', `stream "${id}": already exists`);
    if (!stream.end && this.#unclaimed() >= maximumUnclaimed)
      throw new EngineError('resource-exhausted', 'too many streams that no process has: resource exhausted');
    stream.connected = true;
    this.#streams.set(id, stream);
    return {
      end: stream.end ? Promise.resolve(stream.end) : this.#claimed(stream, signal),
      [Symbol.dispose]: () => {
        stream.connected = false;
        stream.waiting = undefined;
        if (!stream.end) this.#streams.delete(id);
      },
    };
  }

  async #claimed(stream: Stream, signal: AbortSignal): Promise<StreamEnd | undefined> {
    const waiting = deferred<StreamEnd>();
    stream.waiting = waiting;
    const {promise: gone, resolve} = Promise.withResolvers<undefined>();
    const onAbort = () => resolve(undefined);
    signal.addEventListener('abort', onAbort, {once: true});
    if (signal.aborted) onAbort();
    try {
      return await Promise.race([waiting.promise, gone]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #unclaimed(): number {
    return this.#streams.values().reduce((count, {end}) => (end ? count : count + 1), 0);
  }
}
