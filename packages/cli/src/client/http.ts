/**
 * HTTP/1.1 over one socket: just what an Engine API client needs, with exact control of hijacked connections and
 * half-close, at a fraction of the start-up time of node:http.
 */
import type {Socket} from 'node:net';
import {ByteReader} from './byte-reader.ts';

export type HttpBody = string | Uint8Array | AsyncIterable<Uint8Array>;

export interface HttpRequest {
  method: string;
  /** Path and query, already encoded. */
  path: string;
  headers: Record<string, string>;
  body?: HttpBody;
}

export interface HttpHead {
  status: number;
  reason: string;
  /** Names in lower case. */
  headers: Map<string, string>;
}

/** One connection; carries one exchange after another while `reusable`. */
export class HttpConnection {
  readonly socket: Socket;
  readonly #reader: ByteReader;
  #reusable = true;

  constructor(socket: Socket) {
    this.socket = socket;
    this.#reader = new ByteReader(socket);
  }

  /** True when the last exchange is over and the server keeps the connection open. */
  get reusable(): boolean {
    return this.#reusable && !this.#reader.ended && this.socket.writable;
  }

  /**
   * Sends a request and resolves with the head of its answer. A body that is a stream is sent alongside: an answer that
   * comes before its end (a refusal) stops it.
   */
  async exchange(request: HttpRequest): Promise<HttpHead> {
    this.#reusable = false;
    const upload = this.#send(request);
    const head = await this.#readHead();
    await upload.settled(head.status < 400);
    return head;
  }

  /** The body that belongs to the head just read, in pieces. Once it is finished the connection is `reusable`. */
  async *body(head: HttpHead, method: string): AsyncGenerator<Buffer> {
    const length = head.headers.get('content-length');
    if (method === 'HEAD' || head.status === 204 || head.status === 304) {
      // no body, whatever the headers say
    } else if (head.headers.get('transfer-encoding')?.toLowerCase() === 'chunked') {
      yield* this.#readChunks();
    } else if (length !== undefined) {
      yield* this.#readExactly(Number(length));
    } else {
      for (let chunk = await this.#reader.read(); chunk; chunk = await this.#reader.read()) yield chunk;
      return;
    }
    this.#reusable = head.headers.get('connection')?.toLowerCase() !== 'close';
  }

  /** Gives the raw socket away (after a 101, or a 200 that hijacks), with the bytes that came after the head. */
  hijack(): {socket: Socket; first: Buffer} {
    this.#reusable = false;
    return {socket: this.socket, first: this.#reader.detach()};
  }

  #send(request: HttpRequest): {settled(wanted: boolean): Promise<void>} {
    const {body} = request;
    let head = `${request.method} ${request.path} HTTP/1.1\r\n`;
    for (const [name, value] of Object.entries(request.headers)) head += `${name}: ${value}\r\n`;
    if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
      if (body !== undefined || request.method === 'POST' || request.method === 'PUT') {
        head += `Content-Length: ${body === undefined ? 0 : Buffer.byteLength(body)}\r\n`;
      }
      this.socket.write(`${head}\r\n`);
      if (body !== undefined && body.length > 0) this.socket.write(body);
      return {settled: async () => {}};
    }
    this.socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
    return this.#sendStream(body);
  }

  #sendStream(body: AsyncIterable<Uint8Array>): {settled(wanted: boolean): Promise<void>} {
    let stopped = false;
    const upload = (async () => {
      for await (const chunk of body) {
        if (stopped || !this.socket.writable) return;
        if (chunk.length === 0) continue;
        this.socket.write(`${chunk.length.toString(16)}\r\n`);
        this.socket.write(chunk);
        if (!this.socket.write('\r\n')) await drained(this.socket);
      }
      if (!stopped && this.socket.writable) this.socket.write('0\r\n\r\n');
    })();
    upload.catch(error => this.socket.destroy(error as Error));
    return {
      settled: async wanted => {
        stopped = !wanted;
        if (wanted) await upload;
      },
    };
  }

  async #readHead(): Promise<HttpHead> {
    for (;;) {
      const line = await this.#reader.readLine();
      if (line === undefined) throw new Error('EOF');
      const match = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(line);
      if (!match) throw new Error(`malformed HTTP response ${JSON.stringify(line.slice(0, 80))}`);
      const headers = await this.#readHeaders();
      const status = Number(match[1]);
      if (status !== 100 && status !== 102 && status !== 103) return {status, reason: match[2] ?? '', headers};
    }
  }

  async #readHeaders(): Promise<Map<string, string>> {
    const headers = new Map<string, string>();
    for (let line = await this.#reader.readLine(); line; line = await this.#reader.readLine()) {
      const at = line.indexOf(':');
      if (at > 0) headers.set(line.slice(0, at).toLowerCase(), line.slice(at + 1).trim());
    }
    return headers;
  }

  async *#readExactly(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0; ) {
      const chunk = await this.#reader.read(left);
      if (!chunk) throw new Error('unexpected EOF');
      left -= chunk.length;
      yield chunk;
    }
  }

  async *#readChunks(): AsyncGenerator<Buffer> {
    for (;;) {
      const line = await this.#reader.readLine();
      if (line === undefined) throw new Error('unexpected EOF');
      const length = Number.parseInt(line, 16);
      if (Number.isNaN(length)) throw new Error('malformed chunked encoding');
      if (length === 0) break;
      yield* this.#readExactly(length);
      await this.#reader.readLine();
    }
    while (await this.#reader.readLine()); // trailers, up to the empty line
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}
