import type {ClientReadableStream} from '@grpc/grpc-js';
import type {MethodDefinition} from '@longshore/api';
import {type CallContext, startSpan} from '@longshore/base';
import type {Channel} from './channel.ts';
import {fromGrpcError} from './errors.ts';
import {type CallOptions, cancelOnAbort, grpcOptions, metadataOf} from './options.ts';
import {patienceOf} from './patience.ts';
import {serialize} from './serialize.ts';

/** One request, many responses. The call starts with the first `next()` and is cancelled when the loop is left. */
export async function* serverStreamCall<Request, Response>(
  channel: Channel,
  path: string,
  method: MethodDefinition<Request, Response>,
  ctx: CallContext,
  request: Request,
  options?: CallOptions,
): AsyncGenerator<Response, void, void> {
  const span = startSpan(ctx, path.slice(1), {kind: 'client'});
  try {
    const again = patienceOf(channel, ctx, options);
    for (;;) {
      const call = startServerStream(channel, path, method, span.ctx, request, options);
      try {
        return yield* readResponses(call, channel, span.ctx);
      } catch (error) {
        // Nothing has been read yet then: no server has seen the call.
        if (!(await again((error as Error).cause))) throw error;
      }
    }
  } finally {
    span.end();
  }
}

/** Sends the request at once. Whoever gets the stream must read it with `readResponses`. */
export function startServerStream<Request, Response>(
  channel: Channel,
  path: string,
  method: MethodDefinition<Request, Response>,
  ctx: CallContext,
  request: Request,
  options?: CallOptions,
): ClientReadableStream<Response> {
  ctx.signal.throwIfAborted();
  const call = channel.client.makeServerStreamRequest(
    path,
    (message: Request) => serialize(method.requestType, message),
    bytes => method.responseType.decode(bytes),
    request,
    metadataOf(ctx),
    grpcOptions(options),
  );
  call.on('error', () => {}); // a cancelled stream reports that too, when nobody listens any more
  return call;
}

export async function* readResponses<Response>(
  call: ClientReadableStream<Response>,
  channel: Channel,
  ctx: CallContext,
): AsyncGenerator<Response, void, void> {
  const forget = cancelOnAbort(ctx, call);
  try {
    for await (const message of call) yield message as Response;
    ctx.signal.throwIfAborted();
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw fromGrpcError(error, channel.address);
  } finally {
    forget();
    call.cancel();
  }
}
