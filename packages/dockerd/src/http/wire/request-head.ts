/** The first lines of an HTTP/1 request, read with the limits and leniencies of Go's server. */
import type {SocketReader} from './socket-reader.ts';

/** Go's http.DefaultMaxHeaderBytes. */
const maxHeadBytes = 1024 * 1024;

export interface RequestHead {
  method: string;
  /** As sent: path and query, percent-encoded. */
  target: string;
  minorVersion: 0 | 1;
  /** Lower-case names; repeated ones are joined by a comma. */
  headers: ReadonlyMap<string, string>;
}

/** A request that cannot be understood: answered with this status, then the connection is closed. */
export class BadRequest extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'BadRequest';
    this.status = status;
  }
}

/** Reads one head; undefined when the peer closed between requests. Throws BadRequest. */
export async function readRequestHead(reader: SocketReader): Promise<RequestHead | undefined> {
  let data: Buffer = Buffer.alloc(0);
  for (;;) {
    const chunk = await reader.read();
    if (!chunk) {
      if (data.length === 0) return undefined;
      throw new BadRequest(400, 'unexpected end of the request');
    }
    const from = Math.max(0, data.length - 3);
    data = data.length === 0 ? skipEmptyLines(chunk) : Buffer.concat([data, chunk]);
    const end = endOfHead(data, from);
    if (end >= 0) {
      reader.unread(data.subarray(end));
      return parseRequestHead(data.toString('latin1', 0, end));
    }
    if (data.length > maxHeadBytes) throw new BadRequest(431, 'Request Header Fields Too Large');
  }
}

/** Parses the text up to and with the empty line. Throws BadRequest. */
export function parseRequestHead(text: string): RequestHead {
  const [requestLine = '', ...lines] = text.trimEnd().split(/\r?\n/);
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/(\d)\.(\d)$/.exec(requestLine);
  if (!match) throw new BadRequest(400, 'Bad Request');
  const [, method = '', target = '', major, minor] = match;
  if (major !== '1' || (minor !== '0' && minor !== '1')) throw new BadRequest(505, 'HTTP Version Not Supported');
  const headers = parseHeaders(lines);
  if (minor === '1' && !headers.has('host')) throw new BadRequest(400, 'Bad Request: missing required Host header');
  return {method, target, minorVersion: minor === '1' ? 1 : 0, headers};
}

function parseHeaders(lines: string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$/.exec(line);
    if (!match || /[\0\r\n]/.test(line)) throw new BadRequest(400, 'Bad Request');
    const name = (match[1] as string).toLowerCase();
    const value = (match[2] as string).trimEnd();
    const before = headers.get(name);
    if (name === 'content-length' && before !== undefined && before !== value) throw new BadRequest(400, 'Bad Request');
    headers.set(name, before === undefined || name === 'content-length' ? value : `${before}, ${value}`);
  }
  return headers;
}

function skipEmptyLines(chunk: Buffer): Buffer {
  let start = 0;
  while (start < chunk.length && (chunk[start] === 13 || chunk[start] === 10)) start++;
  return chunk.subarray(start);
}

/** Offset just behind the empty line that ends the head, or -1. Lines may end in a bare line feed. */
function endOfHead(data: Buffer, from: number): number {
  for (let at = data.indexOf(10, from); at >= 0; at = data.indexOf(10, at + 1)) {
    if (data[at + 1] === 10) return at + 2;
    if (data[at + 1] === 13 && data[at + 2] === 10) return at + 3;
  }
  return -1;
}
