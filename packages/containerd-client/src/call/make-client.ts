import type {DeepPartial, MethodDefinition, RequestOf, ResponseOf, ServiceDefinition} from '@longshore/api';
import type {CallContext} from '@longshore/base';
import {type BidiCall, bidiCall} from './bidi.ts';
import type {Channel} from './channel.ts';
import type {CallOptions} from './options.ts';
import {serverStreamCall} from './server-stream.ts';
import {unaryCall} from './unary.ts';

type CallOf<M extends MethodDefinition> = M extends {requestStream: true}
  ? (ctx: CallContext, options?: CallOptions) => BidiCall<RequestOf<M>, ResponseOf<M>>
  : M extends {responseStream: true}
    ? (
        ctx: CallContext,
        request: DeepPartial<RequestOf<M>>,
        options?: CallOptions,
      ) => AsyncGenerator<ResponseOf<M>, void, void>
    : (ctx: CallContext, request: DeepPartial<RequestOf<M>>, options?: CallOptions) => Promise<ResponseOf<M>>;

/** The methods of a generated service as functions: plain objects in, messages out, EngineErrors thrown. */
export type ServiceClient<D extends ServiceDefinition> = {
  readonly [K in keyof D['methods']]: CallOf<D['methods'][K]>;
};

/** Makes a client of any generated service, of containerd's or of a plugin's. */
export function makeClient<D extends ServiceDefinition>(channel: Channel, definition: D): ServiceClient<D> {
  const calls: Record<string, unknown> = {};
  for (const [key, method] of Object.entries(definition.methods)) {
    calls[key] = makeCall(channel, `/${definition.fullName}/${method.name}`, method);
  }
  return calls as ServiceClient<D>;
}

function makeCall(channel: Channel, path: string, method: MethodDefinition): unknown {
  if (method.requestStream) {
    return (ctx: CallContext, options?: CallOptions) => bidiCall(channel, path, method, ctx, options);
  }
  const start = method.responseStream ? serverStreamCall : unaryCall;
  return (ctx: CallContext, request: DeepPartial<unknown>, options?: CallOptions) =>
    start(channel, path, method, ctx, method.requestType.fromPartial(request), options);
}
