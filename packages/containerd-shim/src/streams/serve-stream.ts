/** One stream that a client has opened: its name, our word that we know it, and then what the process's side says. */
import {StreamInit} from '@longshore/api/gen/containerd/services/streaming/v1/streaming';
import {Any} from '@longshore/api/gen/google/protobuf/any';
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {Streams} from './streams.ts';

/** Tells the client that a process can be given the stream. */
const registered = Any.encode({typeUrl: 'google.protobuf.Empty', value: Buffer.alloc(0)}).finish();

/** Messages are encoded. Throws invalid-argument, already-exists (the id has a client), resource-exhausted. */
export async function* serveStream(
  streams: Streams,
  ctx: CallContext,
  requests: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  const incoming = decoded(requests);
  const first = await incoming.next();
  if (first.done) return;
  using connection = streams.connect(streamId(first.value), ctx.signal);
  yield registered;
  const end = await connection.end;
  if (!end) return;
  for await (const message of end.serve(incoming, ctx.signal)) yield Any.encode(message).finish();
}

async function* decoded(requests: AsyncIterable<Uint8Array>): AsyncGenerator<Any, void, void> {
  for await (const bytes of requests) yield Any.decode(bytes);
}

function streamId({typeUrl, value}: Any): string {
  if (typeUrl.endsWith('containerd.services.streaming.v1.StreamInit')) return StreamInit.decode(value).id;
  throw new EngineError('invalid-argument', `stream begins with "${typeUrl}", not with its id: invalid argument`);
}
