/** Takes the messages out of the body of a request: a flag, four bytes of length, the message. */
import {Buffer} from 'node:buffer';
import {status} from '@grpc/grpc-js';
import {CallFailure} from './failure.ts';

const prefixLength = 5;

export class MessageReader {
  readonly #maxBytes: number;
  readonly #encoding: string;
  readonly #prefix = Buffer.alloc(prefixLength);
  #prefixSeen = 0;
  #message: Buffer | undefined;
  #seen = 0;

  /** `encoding` is what the request says of compressed messages. */
  constructor(maxBytes: number, encoding: string) {
    this.#maxBytes = maxBytes;
    this.#encoding = encoding;
  }

  /** No message has begun. */
  get isBetween(): boolean {
    return this.#prefixSeen === 0 && !this.#message;
  }

  /** Hands what is whole to `onMessage`, in memory of its own. Throws CallFailure. */
  read(piece: Buffer, onMessage: (message: Buffer) => void): void {
    for (let at = 0; at < piece.length; ) {
      if (!this.#message) {
        const taken = piece.copy(this.#prefix, this.#prefixSeen, at, at + prefixLength - this.#prefixSeen);
        at += taken;
        this.#prefixSeen += taken;
        if (this.#prefixSeen < prefixLength) return;
        this.#prefixSeen = 0;
        this.#begin();
      }
      const message = this.#message as unknown as Buffer;
      const copied = piece.copy(message, this.#seen, at);
      at += copied;
      this.#seen += copied;
      if (this.#seen < message.length) continue;
      this.#message = undefined;
      onMessage(message);
    }
  }

  #begin(): void {
    const length = this.#prefix.readUInt32BE(1);
    if (this.#prefix[0] !== 0) throw new CallFailure(...compressed(this.#prefix[0], this.#encoding));
    if (length > this.#maxBytes) {
      const text = `grpc: received message larger than max (${length} vs. ${this.#maxBytes})`;
      throw new CallFailure(status.RESOURCE_EXHAUSTED, text);
    }
    this.#message = Buffer.allocUnsafe(length);
    this.#seen = 0;
  }
}

function compressed(flag: number | undefined, encoding: string): [code: number, message: string] {
  if (flag !== 1) return [status.INTERNAL, `grpc: received unexpected payload format ${flag}`];
  if (encoding === '' || encoding === 'identity') {
    return [status.INTERNAL, 'grpc: compressed flag set with identity or empty encoding'];
  }
  return [status.UNIMPLEMENTED, `grpc: Decompressor is not installed for grpc-encoding "${encoding}"`];
}
