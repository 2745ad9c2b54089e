/** One accepted ttrpc connection: checks stream ids, starts handlers, sends their answers. */
import type {DeepPartial, MethodDefinition} from '@longshore/api';
import {Request, Response} from '@longshore/api/gen/ttrpc/request';
import type {Logger} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import type {ByteStream} from './byte-stream.ts';
import {Flag, type Frame, FrameType, oversizeMessage} from './frame.ts';
import {FrameChannel} from './frame-channel.ts';
import {metadataFromWire} from './metadata.ts';
import {ReceiveBuffer} from './receive-buffer.ts';
import {ServerCall} from './server-call.ts';
import type {AnyHandler} from './service-types.ts';
import {closedError, serverClosedError, statusFromError} from './status.ts';

/** Finds what serves a call. Throws unimplemented for what is not served. */
export type FindHandler = (service: string, method: string) => {method: MethodDefinition; handler: AnyHandler};

export interface ServerConnectionOptions {
  find: FindHandler;
  log: Logger;
  onClose(): void;
}

type Requests = ReceiveBuffer<unknown>;

export class ServerConnection {
  readonly #channel: FrameChannel;
  readonly #options: ServerConnectionOptions;
  readonly #calls = new Set<ServerCall>();
  /** The streams whose client side is still open: where data frames may go. */
  readonly #inputs = new Map<number, {method: MethodDefinition; requests: Requests}>();
  #lastStreamId = 0;
  #draining = false;

  constructor(socket: ByteStream, options: ServerConnectionOptions) {
    this.#options = options;
    this.#channel = new FrameChannel(socket, {
      onFrame: frame => this.#receive(frame),
      onClose: error => this.#closed(error),
    });
  }

  /** `head` is what was already read from the socket. */
  start(head?: Uint8Array): void {
    this.#channel.start(head);
  }

  get idle(): boolean {
    return this.#calls.size === 0;
  }

  /** Refuses new calls and closes as soon as the active ones are answered. */
  drain(): void {
    this.#draining = true;
    if (this.idle) this.#channel.end();
  }

  destroy(): void {
    this.#channel.destroy();
  }

  #receive(frame: Frame): Promise<void> | undefined {
    const {streamId, type} = frame;
    try {
      if (frame.discarded !== undefined) throw new EngineError('resource-exhausted', oversizeMessage(frame.discarded));
      if (streamId % 2 === 0) throw invalid('StreamID must be odd for client initiated streams');
      if (type === FrameType.data) return this.#receiveData(frame);
      if (type === FrameType.request) this.#receiveRequest(frame);
    } catch (error) {
      this.#sendError(streamId, error);
    }
    return undefined;
  }

  #receiveData({streamId, flags, payload}: Frame): Promise<void> | undefined {
    const input = this.#inputs.get(streamId);
    if (!input) throw invalid('StreamID is no longer active');
    if (flags & Flag.remoteClosed) this.#inputs.delete(streamId);
    if (flags & Flag.remoteClosed && payload.length > 0) {
      const error = invalid('data close message cannot include data');
      input.requests.fail(error);
      throw error;
    }
    const wait = flags & Flag.noData ? undefined : input.requests.push(this.#decode(input.method, payload));
    if (flags & Flag.remoteClosed) input.requests.end();
    return wait?.catch(error => {
      this.#inputs.delete(streamId);
      this.#options.log.warn({error, stream: streamId}, 'ttrpc stream failed');
    });
  }

  #receiveRequest({streamId, flags, payload}: Frame): void {
    if (streamId <= this.#lastStreamId) throw invalid('StreamID cannot be re-used and must increment');
    this.#lastStreamId = streamId;
    const request = decodeRequest(payload);
    if (this.#draining) throw serverClosedError();
    const {method, handler} = this.#options.find(request.service, request.method);
    const call = new ServerCall(this.#options.log, metadataFromWire(request.metadata), request.timeoutNano);
    const input = method.requestStream
      ? this.#openInput(streamId, flags, method)
      : this.#decode(method, request.payload);
    this.#calls.add(call);
    void this.#run(streamId, method, handler, call, input);
  }

  #openInput(streamId: number, flags: number, method: MethodDefinition): Requests {
    const requests: Requests = new ReceiveBuffer();
    if (flags & Flag.remoteOpen) this.#inputs.set(streamId, {method, requests});
    else requests.end();
    return requests;
  }

  #decode(method: MethodDefinition, payload: Uint8Array): unknown {
    try {
      return method.requestType.decode(payload);
    } catch (error) {
      throw invalid(`unmarshal request error: ${messageOf(error)}`, error);
    }
  }

  async #run(id: number, method: MethodDefinition, handler: AnyHandler, call: ServerCall, input: unknown) {
    try {
      const result = handler(call, input);
      if (method.responseStream) await this.#sendStream(id, method, result as AsyncIterable<DeepPartial<unknown>>);
      else this.#sendAnswer(id, method, await (result as Promise<DeepPartial<unknown>>));
    } catch (error) {
      this.#sendError(id, error);
    } finally {
      call.finish();
      this.#inputs.delete(id);
      this.#calls.delete(call);
      this.#settled();
    }
  }

  #settled(): void {
    if (this.idle && this.#draining) this.#channel.end();
  }

  #sendAnswer(id: number, method: MethodDefinition, message: DeepPartial<unknown>): void {
    const bytes = encode(method, message);
    const payload = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#send(id, FrameType.response, 0, Response.encode({status: undefined, payload}).finish());
  }

  async #sendStream(id: number, method: MethodDefinition, messages: AsyncIterable<DeepPartial<unknown>>) {
    for await (const message of messages) {
      this.#channel.send(id, FrameType.data, 0, encode(method, message));
      await this.#channel.writable();
    }
    this.#send(id, FrameType.data, Flag.remoteClosed | Flag.noData);
  }

  #sendError(id: number, error: unknown): void {
    const response = Response.encode({status: statusFromError(error), payload: Buffer.alloc(0)}).finish();
    this.#send(id, FrameType.response, 0, response);
  }

  /** An answer that nobody waits for any more is dropped. */
  #send(id: number, type: number, flags: number, payload?: Uint8Array): void {
    if (!this.#channel.closed) this.#channel.send(id, type, flags, payload);
  }

  #closed(error: Error | undefined): void {
    for (const call of this.#calls) call.cancel();
    for (const {requests} of this.#inputs.values()) requests.fail(closedError(error));
    this.#inputs.clear();
    this.#options.onClose();
  }
}

function decodeRequest(payload: Uint8Array): Request {
  try {
    return Request.decode(payload);
  } catch (error) {
    throw invalid(`unmarshal request error: ${messageOf(error)}`, error);
  }
}

function encode(method: MethodDefinition, message: DeepPartial<unknown>): Uint8Array {
  return method.responseType.encode(method.responseType.fromPartial(message)).finish();
}

function invalid(message: string, cause?: unknown): EngineError {
  return new EngineError('invalid-argument', message, cause === undefined ? {} : {cause});
}
