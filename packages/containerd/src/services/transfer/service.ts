import {TransferDefinition} from '@longshore/api/gen/containerd/services/transfer/v1/transfer';
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {NamedStream, Streams} from '../../core/streaming/streams.ts';
import type {ProgressListener} from '../../core/transfer/endpoints.ts';
import {type ImageMover, transfer} from '../../core/transfer/transfers.ts';
import {type ServedService, serve} from '../serve.ts';
import {endpointFromWire} from './convert.ts';
import {ProgressSender} from './progress.ts';

export function transferService(mover: ImageMover, streams: Streams): ServedService {
  return serve(TransferDefinition, {
    async transfer(ctx, {source, destination, options}) {
      const used = new UsedStreams(ctx, streams);
      const progress = options?.progressStream ? new ProgressSender(used.find(options.progressStream)) : undefined;
      const show: ProgressListener = step => progress?.show(step);
      try {
        if (!source || !destination) {
          throw new EngineError('invalid-argument', 'source and destination are required: invalid argument');
        }
        const from = endpointFromWire(source, used.find);
        const to = endpointFromWire(destination, used.find);
        if (!from || !to) {
          const ends = `${source.typeUrl} to ${destination.typeUrl}`;
          throw new EngineError('unimplemented', `method Transfer not implemented for ${ends}`);
        }
        await transfer(used.ctx, mover, {from, to, progress: show});
        return {};
      } finally {
        await progress?.finish();
        used.close();
      }
    },
  });
}

/** The streams of one call: they end with it, and also when its client gives up. */
class UsedStreams {
  readonly ctx: CallContext;
  readonly find: (id: string) => NamedStream;
  readonly #found = new Set<NamedStream>();
  readonly #onAbort = () => this.close();

  constructor(ctx: CallContext, streams: Streams) {
    this.ctx = ctx;
    this.find = id => {
      const stream = streams.get(ctx, id);
      this.#found.add(stream);
      return stream;
    };
    ctx.signal.addEventListener('abort', this.#onAbort, {once: true});
  }

  close(): void {
    this.ctx.signal.removeEventListener('abort', this.#onAbort);
    for (const stream of this.#found) stream.close();
  }
}
