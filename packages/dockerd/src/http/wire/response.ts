/** One HTTP/1 answer: whole with a length, streamed, or a connection that is handed over. */
import {STATUS_CODES} from 'node:http';
import type {Socket} from 'node:net';
import {drained, RawConnection} from './raw-connection.ts';
import type {RequestHead} from './request-head.ts';
import type {SocketReader} from './socket-reader.ts';

/** Larger pieces are written beside their chunk header instead of being copied behind it. */
const copyLimit = 16 * 1024;

export class Response {
  readonly #socket: Socket;
  readonly #reader: SocketReader;
  readonly #head: RequestHead;
  readonly #headers = new Map<string, string>();
  #state: 'open' | 'streaming' | 'done' | 'hijacked' = 'open';
  #chunked = false;
  #keepAlive: boolean;

  constructor(socket: Socket, reader: SocketReader, head: RequestHead) {
    this.#socket = socket;
    this.#reader = reader;
    this.#head = head;
    this.#keepAlive = wantsKeepAlive(head);
  }

  /** True once a status line has been sent: errors can no longer change it. */
  get isStarted(): boolean {
    return this.#state !== 'open';
  }

  get isHijacked(): boolean {
    return this.#state === 'hijacked';
  }

  get isFinished(): boolean {
    return this.#state === 'done';
  }

  get keepAlive(): boolean {
    return this.#keepAlive;
  }

  /** Closes the connection after this answer. */
  closeAfter(): void {
    this.#keepAlive = false;
  }

  get headers(): Record<string, string> {
    return Object.fromEntries(this.#headers);
  }

  setHeader(name: string, value: string): void {
    this.#headers.set(name, value);
  }

  removeHeader(name: string): void {
    this.#headers.delete(name);
  }

  /** Sends a whole answer. */
  send(status: number, contentType = '', body: string | Uint8Array = ''): void {
    const data = typeof body === 'string' ? Buffer.from(body) : body;
    if (contentType) this.setHeader('Content-Type', contentType);
    const bodyless = status === 204 || status === 304;
    if (!bodyless && !this.#headers.has('Content-Length')) this.setHeader('Content-Length', String(data.length));
    const head = this.#formatHead(status);
    this.#state = 'done';
    if (bodyless || this.#head.method === 'HEAD' || data.length === 0) this.#socket.write(head, 'latin1');
    else this.#socket.write(Buffer.concat([Buffer.from(head, 'latin1'), data]));
  }

  /** Sends the head now; the body follows by `write`, its length unknown. */
  startStream(status: number, contentType = ''): void {
    if (contentType) this.setHeader('Content-Type', contentType);
    this.#chunked = this.#head.minorVersion === 1 && !this.#headers.has('Content-Length');
    if (this.#chunked) this.setHeader('Transfer-Encoding', 'chunked');
    else if (!this.#headers.has('Content-Length')) this.#keepAlive = false;
    const head = this.#formatHead(status);
    this.#state = 'streaming';
    this.#socket.write(head, 'latin1');
  }

  /** Writes a piece of a streamed body; resolves when the client can take more. Throws when the client is gone. */
  async write(piece: string | Uint8Array): Promise<void> {
    if (this.#state !== 'streaming') throw new Error('the answer is not a stream');
    if (this.#socket.destroyed) throw new DOMException('the client closed the connection', 'AbortError');
    const data = typeof piece === 'string' ? Buffer.from(piece) : piece;
    if (data.length === 0 || this.#head.method === 'HEAD') return;
    if (!this.#chunked) this.#socket.write(data);
    else if (data.length <= copyLimit) this.#socket.write(oneChunk(data));
    else {
      this.#socket.write(`${data.length.toString(16)}\r\n`, 'latin1');
      this.#socket.write(data);
      this.#socket.write('\r\n', 'latin1');
    }
    await drained(this.#socket);
  }

  /** Ends a streamed body. */
  endStream(): void {
    if (this.#state !== 'streaming') return;
    this.#state = 'done';
    if (this.#chunked && this.#head.method !== 'HEAD') this.#socket.write('0\r\n\r\n', 'latin1');
  }

  /** Cuts a stream short so that the client notices. */
  abort(): void {
    this.#state = 'done';
    this.#keepAlive = false;
    this.#socket.destroy();
  }

  /** Sends this status line and headers and hands the connection over; nothing is added to them. */
  hijack(statusLine: string, headers: Record<string, string>): RawConnection {
    const lines = Object.entries({...headers, ...Object.fromEntries(this.#headers)}).map(([k, v]) => `${k}: ${v}\r\n`);
    this.#state = 'hijacked';
    this.#keepAlive = false;
    this.#socket.write(`HTTP/1.1 ${statusLine}\r\n${lines.join('')}\r\n`, 'latin1');
    return new RawConnection(this.#socket, this.#reader);
  }

  #formatHead(status: number): string {
    if (this.#state !== 'open') throw new Error('the answer has been started already');
    this.setHeader('Date', new Date().toUTCString());
    const {minorVersion} = this.#head;
    // As Go's server: each version is answered in itself, and says what it would not do anyway.
    if (minorVersion === 0 && this.#keepAlive) this.setHeader('Connection', 'keep-alive');
    else if (minorVersion === 0) this.removeHeader('Connection');
    else if (!this.#keepAlive) this.setHeader('Connection', 'close');
    const names = [...this.#headers.keys()].sort();
    const lines = names.map(name => `${name}: ${this.#headers.get(name)}\r\n`);
    return `HTTP/1.${minorVersion} ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${lines.join('')}\r\n`;
  }
}

function oneChunk(data: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`, 'latin1'), data, Buffer.from('\r\n')]);
}

function wantsKeepAlive(head: RequestHead): boolean {
  const tokens = (head.headers.get('connection') ?? '').toLowerCase().split(/\s*,\s*/);
  return head.minorVersion === 1 ? !tokens.includes('close') : tokens.includes('keep-alive');
}
