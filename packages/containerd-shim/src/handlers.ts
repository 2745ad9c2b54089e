/** What the shim's services look like to the listener, whichever protocol a client speaks. */
import type {MethodDefinition} from '@longshore/api';
import type {ServerCallContext} from '@longshore/ttrpc';

/** A method with one request and one answer. */
export type UnaryHandler = (ctx: ServerCallContext, request: unknown) => Promise<object>;

export type UnaryHandlers = Record<string, UnaryHandler>;

/** A method with a stream of messages each way. */
export type StreamHandler = (ctx: ServerCallContext, requests: AsyncIterable<unknown>) => AsyncIterable<object>;

export type StreamHandlers = Record<string, StreamHandler>;

/** A message that is its own encoding: for services whose messages are decoded by code that is loaded when needed. */
export const rawMessage = {
  decode: (bytes: Uint8Array) => bytes,
  encode: (bytes: unknown) => ({finish: () => bytes as Uint8Array}),
  fromPartial: (bytes: unknown) => bytes,
} as unknown as MethodDefinition['requestType'];
