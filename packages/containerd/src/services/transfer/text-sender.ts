/** Lines over a stream of bytes. Whoever does not take them in time loses some, and holds nothing up. */
import {AsyncQueue} from '@longshore/base';
import {sendBytes} from '@longshore/containerd-client';
import type {NamedStream} from '../../core/streaming/streams.ts';

const maxQueued = 1_000;

export class TextSender {
  readonly #lines = new AsyncQueue<Uint8Array>(maxQueued);

  constructor(stream: NamedStream) {
    // The client may stop reading: then nobody misses the lines.
    sendBytes(stream, this.#lines).catch(() => this.#lines.end());
  }

  write(text: string): void {
    this.#lines.push(Buffer.from(text));
  }
}
