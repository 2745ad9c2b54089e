/** One call in flight on the client: what has arrived for it, and how it ended. */
import type {MethodDefinition} from '@longshore/api';
import {Response} from '@longshore/api/gen/ttrpc/request';
import {EngineError} from '@longshore/errdefs';
import {Flag, type Frame, FrameType, oversizeMessage} from './frame.ts';
import {ReceiveBuffer} from './receive-buffer.ts';
import {errorFromStatus, protocolError} from './status.ts';

export class ClientStream {
  readonly id: number;
  readonly messages: ReceiveBuffer<{message: unknown}>;
  readonly #method: MethodDefinition;
  readonly #onEnd: () => void;
  #ended = false;

  /** `onEnd` runs once, when no further frame of this stream is expected. */
  constructor(id: number, method: MethodDefinition, onEnd: () => void) {
    this.id = id;
    this.#method = method;
    this.#onEnd = onEnd;
    this.messages = new ReceiveBuffer(method.responseStream ? undefined : 1);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** A promise holds the connection back while this stream's consumer is too far behind. */
  receive(frame: Frame): Promise<void> | undefined {
    try {
      return this.#accept(frame)?.catch(error => this.fail(error));
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  fail(error: unknown): void {
    this.messages.fail(error);
    this.#end();
  }

  #accept(frame: Frame): Promise<void> | undefined {
    if (frame.discarded !== undefined) throw new EngineError('resource-exhausted', oversizeMessage(frame.discarded));
    if (frame.type === FrameType.response) return this.#acceptResponse(frame.payload);
    if (frame.type !== FrameType.data || !this.#method.responseStream) {
      throw protocolError(`unexpected frame of type ${frame.type}`);
    }
    const wait = frame.flags & Flag.noData ? undefined : this.#deliver(frame.payload);
    if (frame.flags & Flag.remoteClosed) this.#succeed();
    return wait;
  }

  #acceptResponse(payload: Uint8Array): undefined {
    const response = Response.decode(payload);
    const error = errorFromStatus(response.status);
    if (error) throw error;
    if (!this.#method.responseStream || response.payload.length > 0) this.#deliver(response.payload);
    this.#succeed();
  }

  #deliver(payload: Uint8Array): Promise<void> | undefined {
    return this.messages.push({message: this.#method.responseType.decode(payload)});
  }

  #succeed(): void {
    this.messages.end();
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
  }
}
