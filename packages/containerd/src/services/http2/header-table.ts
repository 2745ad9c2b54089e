/** The tables of HPACK (RFC 7541, 2.3). */

export type Header = readonly [name: string, value: string];

/** Appendix A. */
const fixed: readonly Header[] = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  ...['200', '204', '206', '304', '400', '404', '500'].map((status): Header => [':status', status]),
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ...[
    ...['accept-language', 'accept-ranges', 'accept', 'access-control-allow-origin', 'age', 'allow', 'authorization'],
    ...['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'content-length'],
    ...['content-location', 'content-range', 'content-type', 'cookie', 'date', 'etag', 'expect', 'expires', 'from'],
    ...['host', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since'],
    ...['last-modified', 'link', 'location', 'max-forwards', 'proxy-authenticate', 'proxy-authorization', 'range'],
    ...['referer', 'refresh', 'retry-after', 'server', 'set-cookie', 'strict-transport-security'],
    ...['transfer-encoding', 'user-agent', 'vary', 'via', 'www-authenticate'],
  ].map((name): Header => [name, '']),
];

/** What an entry counts beside its texts (4.1). */
const overhead = 32;

export const sizeOf = ([name, value]: Header): number => name.length + value.length + overhead;

export class HeaderTable {
  readonly #max: number;
  #limit: number;
  /** The newest last. */
  #entries: Header[] = [];
  #size = 0;

  constructor(max: number) {
    this.#max = max;
    this.#limit = max;
  }

  /** Counted from 1; undefined when there is none. */
  get(index: number): Header | undefined {
    if (index < 1) return undefined;
    return index <= fixed.length ? fixed[index - 1] : this.#entries[this.#entries.length - (index - fixed.length)];
  }

  add(header: Header): void {
    const size = sizeOf(header);
    this.#shrinkTo(this.#limit - size);
    if (size > this.#limit) return;
    this.#entries.push(header);
    this.#size += size;
  }

  /** False when it is more than was allowed. */
  resize(limit: number): boolean {
    if (limit > this.#max) return false;
    this.#limit = limit;
    this.#shrinkTo(limit);
    return true;
  }

  #shrinkTo(size: number): void {
    let gone = 0;
    while (this.#size > size && gone < this.#entries.length) this.#size -= sizeOf(this.#entries[gone++] as Header);
    if (gone > 0) this.#entries = this.#entries.slice(gone);
  }
}
