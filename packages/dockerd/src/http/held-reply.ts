/** An answer that is kept until it may be sent. What streams, or takes the connection over, goes out at once. */
import type {AuthorizationResponse} from '../core/ports/authorization.ts';
import type {ApiReply, RawConnection, ReplyStream} from './route.ts';
import type {Response} from './wire/response.ts';

export class HeldReply implements ApiReply {
  readonly #reply: ApiReply;
  readonly #response: Response;
  #send: (() => void) | undefined;
  #body: Buffer | undefined;
  #status = 0;
  #contentType = '';

  constructor(reply: ApiReply, response: Response) {
    this.#reply = reply;
    this.#response = response;
  }

  /** What a plugin gets to see: of bodies only JSON. */
  get seen(): AuthorizationResponse {
    const type = this.#contentType;
    const isJson = type.split(';')[0] === 'application/json';
    const headers = {...this.#response.headers, ...(type === '' ? {} : {'Content-Type': type})};
    return {status: this.#status, headers, body: isJson ? this.#body : undefined};
  }

  /** Sends what was kept. */
  release(): void {
    this.#send?.();
    this.#send = undefined;
  }

  get isStarted(): boolean {
    return this.#send !== undefined || this.#reply.isStarted;
  }

  setHeader(name: string, value: string): void {
    this.#reply.setHeader(name, value);
  }

  json(status: number, value: unknown): void {
    this.#hold(status, 'application/json', JSON.stringify(value), () => this.#reply.json(status, value));
  }

  empty(status: number): void {
    this.#hold(status, '', '', () => this.#reply.empty(status));
  }

  text(status: number, text: string): void {
    this.#hold(status, 'text/plain; charset=utf-8', text, () => this.#reply.text(status, text));
  }

  send(status: number, contentType: string, body: string | Uint8Array): void {
    this.#hold(status, contentType, body, () => this.#reply.send(status, contentType, body));
  }

  closing(status: number, contentType: string, body: string): void {
    this.#hold(status, contentType, body, () => this.#reply.closing(status, contentType, body));
  }

  stream(status: number, contentType: string): ReplyStream {
    this.#status = status;
    this.#contentType = contentType;
    return this.#reply.stream(status, contentType);
  }

  hijack(statusLine: string, headers: Record<string, string>): RawConnection {
    this.#status = Number.parseInt(statusLine, 10);
    return this.#reply.hijack(statusLine, headers);
  }

  #hold(status: number, contentType: string, body: string | Uint8Array, send: () => void): void {
    this.#status = status;
    this.#contentType = contentType;
    this.#body = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.length);
    this.#send = send;
  }
}
