import type {ServerCallContext} from '@longshore/ttrpc';

/** A method of any of the shim's services: none of them streams. */
export type UnaryHandler = (ctx: ServerCallContext, request: unknown) => Promise<object>;

export type UnaryHandlers = Record<string, UnaryHandler>;
