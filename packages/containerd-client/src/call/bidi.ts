import {once} from 'node:events';
import type {ClientDuplexStream} from '@grpc/grpc-js';
import type {DeepPartial, MethodDefinition} from '@longshore/api';
import {type CallContext, startSpan} from '@longshore/base';
import type {Channel} from './channel.ts';
import {fromGrpcError} from './errors.ts';
import {type CallOptions, cancelOnAbort, grpcOptions, metadataOf} from './options.ts';
import {serialize} from './serialize.ts';
import {readResponses} from './server-stream.ts';

/** A call that streams both ways. Dispose it to cancel what is still open. */
export interface BidiCall<Request, Response> extends AsyncDisposable {
  /** Resolves when the connection takes more; rejects with the call's error once it has failed. */
  write(request: DeepPartial<Request>): Promise<void>;
  /** No more requests follow; responses may. */
  end(): void;
  /** Read by one consumer. Throws an EngineError when the server ends the call with a failure. */
  readonly responses: AsyncGenerator<Response, void, void>;
}

export function bidiCall<Request, Response>(
  channel: Channel,
  path: string,
  method: MethodDefinition<Request, Response>,
  ctx: CallContext,
  options?: CallOptions,
): BidiCall<Request, Response> {
  ctx.signal.throwIfAborted();
  const span = startSpan(ctx, path.slice(1), {kind: 'client'});
  const call = channel.client.makeBidiStreamRequest(
    path,
    (message: Request) => serialize(method.requestType, message),
    bytes => method.responseType.decode(bytes),
    metadataOf(span.ctx),
    grpcOptions(options),
  );
  let failure: unknown;
  call.on('error', error => {
    failure ??= error;
  });
  call.on('status', () => span.end()); // comes once, whatever happens
  const forget = cancelOnAbort(ctx, call);
  return {
    write: async request => {
      if (failure !== undefined) throw ended(failure, channel, ctx);
      if (call.write(method.requestType.fromPartial(request))) return;
      await drained(call, channel, ctx);
    },
    end: () => call.end(),
    responses: readResponses(call, channel, ctx),
    [Symbol.asyncDispose]: async () => {
      forget();
      call.cancel();
    },
  };
}

/** An error or the server's end also stops the wait: nothing drains after it. */
async function drained<Q, R>(call: ClientDuplexStream<Q, R>, channel: Channel, ctx: CallContext): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([
      once(call, 'drain', {signal: over.signal}),
      once(call, 'status', {signal: over.signal}), // comes before `end` and `error`; the reader learns the reason
    ]);
  } catch (error) {
    throw ended(error, channel, ctx);
  } finally {
    over.abort();
  }
}

function ended(error: unknown, channel: Channel, ctx: CallContext): unknown {
  return ctx.signal.aborted ? ctx.signal.reason : fromGrpcError(error, channel.address);
}
