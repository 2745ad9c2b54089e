/** Progress over a stream. A client that reads slowly gets fewer steps of each blob, and holds nothing up. */
import {Progress} from '@longshore/api/gen/containerd/types/transfer/progress';
import type {NamedStream} from '../../core/streaming/streams.ts';
import type {TransferProgress} from '../../core/transfer/endpoints.ts';
import {encodeAny} from '../any.ts';
import {descriptorToWire} from '../convert.ts';

/** How long the end of a transfer waits for a client to take the last steps. */
const flushMs = 2_000;

export class ProgressSender {
  readonly #stream: NamedStream;
  /** Steps that are not sent yet. Of those that repeat themselves, the last one by name and event. */
  readonly #pending = new Map<string, TransferProgress>();
  #sending: Promise<void> | undefined;

  constructor(stream: NamedStream) {
    this.#stream = stream;
  }

  show(progress: TransferProgress): void {
    this.#pending.set(`${progress.event} ${progress.name ?? ''}`, progress);
    this.#sending ??= this.#send();
  }

  /** Resolves when the client has been sent everything, or does not take it. Ends the stream. */
  async finish(): Promise<void> {
    const {promise, resolve} = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, flushMs);
    await Promise.race([this.#sending, promise]);
    clearTimeout(timer);
    this.#stream.close();
  }

  async #send(): Promise<void> {
    try {
      for (let next = this.#next(); next; next = this.#next()) {
        await this.#stream.send(encodeAny('containerd.types.transfer.Progress', Progress, toWire(next)));
      }
      this.#sending = undefined;
    } catch {
      // The client listens no more, which is its right: nothing is sent from now on.
      this.#pending.clear();
    }
  }

  #next(): TransferProgress | undefined {
    for (const [key, progress] of this.#pending) {
      this.#pending.delete(key);
      return progress;
    }
    return undefined;
  }
}

function toWire({event, name = '', parents = [], progress = 0, total = 0, descriptor}: TransferProgress): Progress {
  return {
    ...{event, name, parents: [...parents], progress: BigInt(progress), total: BigInt(total)},
    desc: descriptor && descriptorToWire(descriptor),
  };
}
