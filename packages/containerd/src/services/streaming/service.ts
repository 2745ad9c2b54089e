import {StreamInit, StreamingDefinition} from '@longshore/api/gen/containerd/services/streaming/v1/streaming';
import type {Any} from '@longshore/api/gen/google/protobuf/any';
import type {CallContext} from '@longshore/base';
import type {Streams} from '../../core/streaming/streams.ts';
import {decodeAny} from '../any.ts';
import {type ServedService, serve} from '../serve.ts';
import {CallStream} from './call-stream.ts';

/** Tells the client that its stream can be found by its id. */
const registered: Any = {typeUrl: 'google.protobuf.Empty', value: Buffer.alloc(0)};

export function streamingService(streams: Streams): ServedService {
  return serve(StreamingDefinition, {
    async *stream(ctx: CallContext, requests: AsyncIterable<Any>) {
      const incoming = requests[Symbol.asyncIterator]();
      const first = await incoming.next();
      if (first.done) return;
      const {id} = decodeAny(first.value, 'containerd.services.streaming.v1.StreamInit', StreamInit);
      const stream = new CallStream(ctx.signal, incoming);
      using _registration = streams.register(ctx, id, stream);
      yield registered;
      yield* stream.outgoing();
    },
  });
}
