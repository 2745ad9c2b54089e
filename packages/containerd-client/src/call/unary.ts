import type {MethodDefinition} from '@longshore/api';
import {type CallContext, withSpan} from '@longshore/base';
import type {Channel} from './channel.ts';
import {fromGrpcError} from './errors.ts';
import {type CallOptions, cancelOnAbort, grpcOptions, metadataOf} from './options.ts';
import {patienceOf} from './patience.ts';
import {serialize} from './serialize.ts';

/** One request, one response. Rejects with an EngineError, or with the reason of `ctx.signal` when that aborts. */
export function unaryCall<Request, Response>(
  channel: Channel,
  path: string,
  method: MethodDefinition<Request, Response>,
  ctx: CallContext,
  request: Request,
  options?: CallOptions,
): Promise<Response> {
  return withSpan(ctx, path.slice(1), traced => call(channel, path, method, traced, request, options), {
    kind: 'client',
  });
}

async function call<Request, Response>(
  channel: Channel,
  path: string,
  method: MethodDefinition<Request, Response>,
  ctx: CallContext,
  request: Request,
  options?: CallOptions,
): Promise<Response> {
  const again = patienceOf(channel, ctx, options);
  for (;;) {
    try {
      return await callOnce(channel, path, method, ctx, request, options);
    } catch (error) {
      ctx.signal.throwIfAborted();
      if (!(await again(error))) throw fromGrpcError(error, channel.address);
    }
  }
}

/** Rejects with what grpc-js says. */
async function callOnce<Request, Response>(
  channel: Channel,
  path: string,
  method: MethodDefinition<Request, Response>,
  ctx: CallContext,
  request: Request,
  options?: CallOptions,
): Promise<Response> {
  ctx.signal.throwIfAborted();
  const {promise, resolve, reject} = Promise.withResolvers<Response>();
  const started = channel.client.makeUnaryRequest(
    path,
    (message: Request) => serialize(method.requestType, message),
    bytes => method.responseType.decode(bytes),
    request,
    metadataOf(ctx),
    grpcOptions(options),
    (error, response) => (error ? reject(error) : resolve(response as Response)),
  );
  const forget = cancelOnAbort(ctx, started);
  try {
    return await promise;
  } finally {
    forget();
  }
}
