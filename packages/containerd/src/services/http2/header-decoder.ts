/** Reads blocks of headers (HPACK, RFC 7541). */
import type {Buffer} from 'node:buffer';
import {ConnectionError, defaults, errorCode} from './frames.ts';
import {type Header, HeaderTable, sizeOf} from './header-table.ts';
import {decodeHuffman} from './huffman.ts';

export class HeaderDecoder {
  readonly #table = new HeaderTable(defaults.tableSize);
  /** Of a block that is read out, as the tables count. */
  readonly #maxSize: number;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** Throws ConnectionError: what is lost of one block is missed by those after it. */
  decode(block: Buffer): Header[] {
    const input = new Input(block);
    const headers: Header[] = [];
    let size = 0;
    while (!input.isAtEnd) {
      const header = this.#next(input, headers.length === 0);
      if (!header) continue;
      size += sizeOf(header);
      if (size > this.#maxSize) throw new ConnectionError(errorCode.enhanceYourCalm, 'too many headers');
      headers.push(header);
    }
    return headers;
  }

  /** Undefined when it was a change of the table's size. */
  #next(input: Input, isFirst: boolean): Header | undefined {
    const first = input.peek();
    if (first & 0x80) return this.#entry(input.integer(7));
    if (first & 0x40) {
      const header = this.#literal(input, 6);
      this.#table.add(header);
      return header;
    }
    if (!(first & 0x20)) return this.#literal(input, 4);
    if (!isFirst || !this.#table.resize(input.integer(5))) throw damaged('table size');
    return undefined;
  }

  #literal(input: Input, prefix: number): Header {
    const index = input.integer(prefix);
    const name = index === 0 ? input.text() : this.#entry(index)[0];
    return [name, input.text()];
  }

  #entry(index: number): Header {
    const entry = this.#table.get(index);
    if (!entry) throw damaged(`index ${index}`);
    return entry;
  }
}

class Input {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  peek(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw damaged('length');
    return byte;
  }

  /** With the low `prefix` bits of the next byte, and further bytes if those are all set (5.1). */
  integer(prefix: number): number {
    const mask = (1 << prefix) - 1;
    let value = this.peek() & mask;
    this.#at++;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.peek();
      this.#at++;
      value += (byte & 0x7f) << shift;
      if (!(byte & 0x80)) return value;
    }
    throw damaged('integer');
  }

  text(): string {
    const isHuffman = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    if (length > this.#bytes.length - this.#at) throw damaged('length');
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    const text = isHuffman ? decodeHuffman(bytes) : bytes;
    if (!text) throw damaged('text');
    return text.toString('latin1');
  }
}

function damaged(what: string): ConnectionError {
  return new ConnectionError(errorCode.compression, `bad ${what} in headers`);
}
