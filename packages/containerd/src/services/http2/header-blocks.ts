/** Puts the headers of a request together, which may come in several frames, and reads them. */
import {Buffer} from 'node:buffer';
import {withoutPadding} from './frame-reader.ts';
import {ConnectionError, errorCode, type Frame, flag} from './frames.ts';
import {HeaderDecoder} from './header-decoder.ts';
import type {Header} from './header-table.ts';

/** Empty ones cost memory too. */
const maxFrames = 1000;

export interface HeaderBlock {
  stream: number;
  /** The client says no more on the stream. */
  isLast: boolean;
  headers: Header[];
}

type OpenBlock = {stream: number; isLast: boolean; parts: Buffer[]; size: number};

export class HeaderBlocks {
  readonly #maxBytes: number;
  readonly #decoder: HeaderDecoder;
  #open: OpenBlock | undefined;

  /** `maxBytes` of one block, on the wire and read out. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#decoder = new HeaderDecoder(maxBytes);
  }

  /** No other frame may come until the block is whole. Throws ConnectionError. */
  expectNone(): void {
    if (this.#open) throw new ConnectionError(errorCode.protocol, 'a frame among those of headers');
  }

  /** A HEADERS frame; undefined until the block is whole. Throws ConnectionError. */
  begin({flags, stream, payload}: Frame): HeaderBlock | undefined {
    this.expectNone();
    let part = flags & flag.padded ? withoutPadding(payload) : payload;
    if (flags & flag.priority) {
      if (part.length < 5) throw new ConnectionError(errorCode.frameSize, 'headers without their priority');
      part = part.subarray(5);
    }
    this.#open = {stream, isLast: (flags & flag.endStream) !== 0, parts: [], size: 0};
    return this.#add(this.#open, part, flags);
  }

  /** A CONTINUATION frame. */
  continue({flags, stream, payload}: Frame): HeaderBlock | undefined {
    if (this.#open?.stream !== stream) throw new ConnectionError(errorCode.protocol, 'CONTINUATION of nothing');
    return this.#add(this.#open, payload, flags);
  }

  #add(block: OpenBlock, part: Buffer, flags: number): HeaderBlock | undefined {
    const isWhole = (flags & flag.endHeaders) !== 0;
    block.size += part.length;
    block.parts.push(isWhole ? part : Buffer.from(part)); // a part that waits must not hold its whole chunk
    if (block.size > this.#maxBytes || block.parts.length > maxFrames) {
      throw new ConnectionError(errorCode.enhanceYourCalm, 'too many headers');
    }
    if (!isWhole) return undefined;
    this.#open = undefined;
    const bytes = block.parts.length === 1 ? part : Buffer.concat(block.parts);
    return {stream: block.stream, isLast: block.isLast, headers: this.#decoder.decode(bytes)};
  }
}
