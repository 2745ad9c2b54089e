/** An attached client at the other end of a websocket: its messages are input, all output goes to it as messages. */
import type {ClientStreams} from '../../core/containers/attach.ts';
import type {StreamName} from '../../core/logs/log-entry.ts';
import type {RawConnection} from '../route.ts';
import {closeCodes, FrameReader, opcodes, ProtocolError, serverFrameHead} from './frame-reader.ts';

/** Smaller pieces are copied behind their head: one write instead of two. */
const copyLimit = 4096;
/** How long a client may take to answer the close. */
const closeTimeoutMs = 2000;
/** Answers to pings that a client does not read are left out above this many bytes. */
const maximumPendingPongs = 1024 * 1024;
/** Input that the container does not take yet; above this the client has to wait. */
const maximumInput = 256 * 1024;

export interface WebsocketOptions {
  /** For old clients: messages of text, in which bytes that are no UTF-8 become U+FFFD. */
  asText: boolean;
  /** False to forget what the client sends. */
  wantsInput: boolean;
}

export class WebsocketClient implements ClientStreams {
  readonly #connection: RawConnection;
  readonly #options: WebsocketOptions;
  readonly #frames = new FrameReader();
  readonly #decoders = {stdout: new TextDecoder(), stderr: new TextDecoder()};
  /** The client has closed, broken the protocol, or is gone. */
  readonly #left = new AbortController();
  readonly #reading: Promise<void>;
  #input: Buffer[] = [];
  #inputSize = 0;
  #wake: () => void = () => {};
  #isClosing = false;

  constructor(connection: RawConnection, options: WebsocketOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#reading = this.#readAll();
  }

  get closed(): AbortSignal {
    return this.#left.signal;
  }

  get pending(): number {
    return this.#connection.pending;
  }

  drained(): Promise<void> {
    return this.#connection.drained();
  }

  /** The next bytes of input; undefined when the client has left. */
  async read(): Promise<Buffer | undefined> {
    while (this.#input.length === 0 && !this.#left.signal.aborted) await this.#changed();
    const next = this.#input.shift();
    this.#inputSize -= next?.length ?? 0;
    this.#wake();
    return next;
  }

  write(stream: StreamName, data: Buffer): void {
    if (!this.#options.asText) {
      this.#send(opcodes.binary, data);
      return;
    }
    const text = Buffer.from(this.#decoders[stream].decode(data, {stream: true}));
    if (text.length > 0) this.#send(opcodes.text, text);
  }

  /** Tells the client that nothing more comes, waits a moment for its answer and closes the connection. */
  async close(): Promise<void> {
    this.#sendClose(closeCodes.normal);
    this.#options.wantsInput = false;
    this.#wake();
    const timer = setTimeout(() => this.#connection.destroy(), closeTimeoutMs);
    try {
      await this.#reading;
      await this.#connection.close();
    } finally {
      clearTimeout(timer);
    }
  }

  async #readAll(): Promise<void> {
    try {
      for (let chunk = await this.#connection.read(); chunk; chunk = await this.#connection.read()) {
        if (!this.#take(chunk)) break;
        while (this.#options.wantsInput && this.#inputSize > maximumInput) await this.#changed();
      }
    } finally {
      this.#left.abort(new DOMException('the client left', 'AbortError'));
      this.#wake();
    }
  }

  #changed(): Promise<void> {
    return new Promise(resolve => {
      const before = this.#wake;
      this.#wake = () => {
        before();
        this.#wake = () => {};
        resolve();
      };
    });
  }

  /** False when no more is to be read. */
  #take(chunk: Buffer): boolean {
    try {
      for (const event of this.#frames.push(chunk)) {
        if (event.type === 'data') this.#takeInput(event.payload);
        if (event.type === 'ping' && this.pending < maximumPendingPongs) this.#send(opcodes.pong, event.payload);
        if (event.type !== 'close') continue;
        this.#sendClose(event.code ?? closeCodes.normal);
        return false;
      }
      return true;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#sendClose(error.code, error.message);
      return false;
    }
  }

  #takeInput(payload: Buffer): void {
    if (!this.#options.wantsInput) return;
    this.#input.push(payload);
    this.#inputSize += payload.length;
    this.#wake();
  }

  /** Nothing may follow a close frame. */
  #sendClose(code: number, reason = ''): void {
    const payload = Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
    this.#send(opcodes.close, payload);
    this.#isClosing = true;
  }

  #send(opcode: number, payload: Buffer): void {
    if (this.#isClosing) return;
    const head = serverFrameHead(opcode, payload.length);
    if (payload.length <= copyLimit) this.#connection.write(Buffer.concat([head, payload]));
    else {
      this.#connection.write(head);
      this.#connection.write(payload);
    }
  }
}
