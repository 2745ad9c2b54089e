/**
 * The server's side of one HTTP/2 connection (RFC 9113), for gRPC: requests with bodies, answers with trailers, no push.
 * Node's own costs several times as much for each frame and each request, under Bun more than the work that they ask
 * for, and Bun's (1.4.5) loses windows that its peer widens, until both sides wait for each other.
 */
import type {Buffer} from 'node:buffer';
import type {Duplex} from 'node:stream';
import {FrameReader} from './frame-reader.ts';
import {
  ConnectionError,
  defaults,
  encodeFrame,
  encodeHeaders,
  encodeSettings,
  errorCode,
  type Frame,
  flag,
  frameType,
  maxWindow,
  StreamError,
  setting,
  uint32,
} from './frames.ts';
import {type HeaderBlock, HeaderBlocks} from './header-blocks.ts';
import {Output} from './output.ts';
import {checkRequest} from './request-headers.ts';
import {ServerStream, type StreamHost} from './stream.ts';

/** What a client may send on a stream before it is taken, in bytes: one message of the usual size and more. */
const streamWindow = 4 << 20;
/** On the connection; its bytes are given back as they come, those of the streams when they are taken. */
const connectionWindow = 64 << 20;
const maxStreams = 65_536;
/** Bytes of the headers of one request, on the wire and read out. */
const maxHeaderBytes = 256 << 10;
/** Bytes of answers to control frames that the client does not read: then nothing more of it is read either. */
const maxControlBytes = 1 << 20;
const frameSize = 1 << 20;
/** In one frame. */
const maxSettings = 64;
/** For its first settings, in milliseconds. */
const handshakeMs = 120_000;

export interface SessionOptions {
  /** Gives the stream its handler. */
  onStream(stream: ServerStream): void;
  onClose(): void;
  /** The client broke the protocol. */
  onViolation(error: Error): void;
}

export class Session implements StreamHost {
  readonly #socket: Duplex;
  readonly #options: SessionOptions;
  readonly #reader: FrameReader;
  readonly #output: Output;
  readonly #blocks = new HeaderBlocks(maxHeaderBytes);
  readonly #streams = new Map<number, ServerStream>();
  #lastStream = 0;
  #receiveWindow: number = connectionWindow;
  /** Bytes of a DATA frame that nobody takes. */
  #padding = 0;
  /** What each stream may be sent at first. */
  #sendWindow: number = defaults.window;
  #hasSettings = false;
  #isGoing = false;
  #isOver = false;
  readonly #handshake: NodeJS.Timeout;
  /** By type. */
  readonly #handlers: Record<number, (frame: Frame) => void> = {
    [frameType.headers]: frame => this.#onBlock(this.#blocks.begin(frame)),
    [frameType.continuation]: frame => this.#onBlock(this.#blocks.continue(frame)),
    [frameType.reset]: frame => this.#onReset(frame),
    [frameType.settings]: frame => this.#onSettings(frame),
    [frameType.ping]: frame => this.#onPing(frame),
    [frameType.windowUpdate]: frame => this.#onWindowUpdate(frame),
    [frameType.priority]: checkPriority,
    [frameType.goAway]: checkGoAway,
    [frameType.pushPromise]: refusePush,
  };

  constructor(socket: Duplex, options: SessionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#reader = new FrameReader(this, frameSize);
    this.#output = new Output(socket, (stream, block) => this.#sendTrailers(stream, block));
    this.#output.onFlushed = () => this.#resume();
    this.#handshake = setTimeout(() => socket.destroy(), handshakeMs);
    this.#handshake.unref();
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('end', () => socket.destroy());
    socket.on('error', () => {}); // `close` follows
    socket.on('close', () => this.#over());
    this.#output.control(
      encodeSettings([
        [setting.maxConcurrentStreams, maxStreams],
        [setting.initialWindow, streamWindow],
        [setting.maxFrameSize, frameSize],
        [setting.maxHeaderListSize, maxHeaderBytes],
      ]),
    );
    this.#output.control(windowUpdate(0, connectionWindow - defaults.window));
  }

  /** Takes no new streams, and ends the connection with the last that is there. */
  shutDown(): void {
    if (this.#isGoing || this.#isOver) return;
    this.#isGoing = true;
    this.#goAway(errorCode.none, '');
    if (this.#streams.size === 0) this.#output.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  dataBegins(id: number, length: number): void {
    this.#blocks.expectNone();
    this.#padding = length;
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0) throw new ConnectionError(errorCode.flowControl, 'more data than the connection may');
    if (connectionWindow - this.#receiveWindow >= connectionWindow / 8) {
      this.#output.control(windowUpdate(0, connectionWindow - this.#receiveWindow));
      this.#receiveWindow = connectionWindow;
    }
    const stream = this.#find(id, 'data');
    if (!stream) return;
    if (stream.isRemoteEnded) {
      this.#fail(stream, new StreamError(errorCode.streamClosed, 'data after the end'));
      return;
    }
    stream.receiveWindow -= length;
    if (stream.receiveWindow < 0) this.#fail(stream, new StreamError(errorCode.flowControl, 'more data than it may'));
  }

  data(id: number, piece: Buffer): void {
    this.#padding -= piece.length;
    this.#streams.get(id)?.handler?.onData(piece);
  }

  dataEnds(id: number, isLast: boolean): void {
    const stream = this.#streams.get(id);
    if (stream && this.#padding > 0) stream.credit(this.#padding);
    if (stream && isLast) this.#endRemote(stream);
  }

  frame(frame: Frame): void {
    if (frame.type !== frameType.continuation) this.#blocks.expectNone();
    if (!this.#hasSettings && frame.type !== frameType.settings) {
      throw new ConnectionError(errorCode.protocol, 'the first frame is no SETTINGS');
    }
    this.#handlers[frame.type]?.(frame); // frames of unknown types are ignored (4.1)
  }

  sendHeaders(stream: ServerStream, block: Buffer, isLast: boolean): void {
    this.#output.control(encodeHeaders(stream.id, block, isLast, this.#output.frameSize));
  }

  schedule(stream: ServerStream): void {
    this.#output.schedule(stream);
  }

  sendCredit(stream: ServerStream, bytes: number): void {
    this.#output.control(windowUpdate(stream.id, bytes));
  }

  reset(stream: ServerStream, code: number): void {
    this.#output.control(resetFrame(stream.id, code));
    this.#forget(stream);
  }

  #read(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      this.#reader.read(chunk);
    } catch (error) {
      this.#violated(error);
    }
    if (this.#output.controlBytes > maxControlBytes) this.#socket.pause();
  }

  #resume(): void {
    if (this.#isOver || !this.#socket.isPaused() || this.#output.controlBytes > maxControlBytes) return;
    this.#socket.resume();
  }

  #violated(error: unknown): void {
    const code = error instanceof ConnectionError ? error.code : errorCode.internal;
    this.#options.onViolation(error as Error);
    this.#goAway(code, error instanceof ConnectionError ? error.message : '');
    this.#output.end();
    this.#over();
  }

  #goAway(code: number, reason: string): void {
    const payload = [...uint32(this.#lastStream), ...uint32(code), ...new TextEncoder().encode(reason)];
    this.#output.control(encodeFrame(frameType.goAway, 0, 0, Uint8Array.from(payload)));
  }

  /** Nothing more comes. */
  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#handshake);
    for (const stream of [...this.#streams.values()]) this.#abort(stream);
    this.#options.onClose();
  }

  /** An open stream; undefined for one that is over, of which frames may still be on their way. */
  #find(id: number, what: string): ServerStream | undefined {
    const stream = this.#streams.get(id);
    if (!stream && (id > this.#lastStream || id % 2 === 0)) {
      throw new ConnectionError(errorCode.protocol, `${what} of stream ${id}, which is idle`);
    }
    return stream;
  }

  #fail(stream: ServerStream, error: StreamError): void {
    this.#options.onViolation(error);
    this.#output.control(resetFrame(stream.id, error.code));
    this.#abort(stream);
  }

  #abort(stream: ServerStream): void {
    const {handler} = stream;
    this.#forget(stream);
    handler?.onAbort();
  }

  #forget(stream: ServerStream): void {
    this.#streams.delete(stream.id);
    this.#output.forget(stream);
    stream.close();
    if (this.#isGoing && this.#streams.size === 0) this.#output.end();
  }

  #endRemote(stream: ServerStream): void {
    stream.isRemoteEnded = true;
    stream.handler?.onEnd();
  }

  #sendTrailers(stream: ServerStream, block: Buffer): void {
    this.sendHeaders(stream, block, true);
    // The client need not say the rest: nobody listens (8.1).
    if (!stream.isRemoteEnded) this.#output.control(resetFrame(stream.id, errorCode.none));
    this.#forget(stream);
  }

  /** Headers that are whole. */
  #onBlock(block: HeaderBlock | undefined): void {
    if (!block) return;
    const {stream: id, isLast, headers} = block;
    const known = this.#streams.get(id);
    if (known) {
      this.#onTrailers(known, isLast);
      return;
    }
    if (id % 2 === 0) throw new ConnectionError(errorCode.protocol, `a request on stream ${id}`);
    if (id <= this.#lastStream) return; // one that was reset, and its client did not know yet
    this.#lastStream = id;
    const refused = this.#isGoing || this.#streams.size >= maxStreams;
    if (refused) {
      this.#output.control(resetFrame(id, errorCode.refusedStream));
      return;
    }
    let request: Map<string, string>;
    try {
      request = checkRequest(headers);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#options.onViolation(error);
      this.#output.control(resetFrame(id, error.code));
      return;
    }
    const stream = new ServerStream(this, id, request, {send: this.#sendWindow, receive: streamWindow});
    this.#streams.set(id, stream);
    this.#options.onStream(stream);
    if (isLast) this.#endRemote(stream);
  }

  #onTrailers(stream: ServerStream, isLast: boolean): void {
    if (stream.isRemoteEnded) this.#fail(stream, new StreamError(errorCode.streamClosed, 'headers after the end'));
    else if (!isLast) this.#fail(stream, new StreamError(errorCode.protocol, 'trailers that are not the end'));
    else this.#endRemote(stream);
  }

  #onReset({stream: id, payload}: Frame): void {
    if (payload.length !== 4) throw new ConnectionError(errorCode.frameSize, 'RST_STREAM of a wrong size');
    const stream = this.#find(id, 'RST_STREAM');
    if (stream) this.#abort(stream);
  }

  #onPing({flags, stream, payload}: Frame): void {
    if (stream !== 0) throw new ConnectionError(errorCode.protocol, 'PING of a stream');
    if (payload.length !== 8) throw new ConnectionError(errorCode.frameSize, 'PING of a wrong size');
    if (!(flags & flag.ack)) this.#output.control(encodeFrame(frameType.ping, flag.ack, 0, payload));
  }

  #onWindowUpdate({stream: id, payload}: Frame): void {
    if (payload.length !== 4) throw new ConnectionError(errorCode.frameSize, 'WINDOW_UPDATE of a wrong size');
    const bytes = payload.readUInt32BE(0) & 0x7fffffff;
    if (id === 0) {
      if (bytes === 0) throw new ConnectionError(errorCode.protocol, 'WINDOW_UPDATE of 0');
      if (!this.#output.widen(bytes)) throw new ConnectionError(errorCode.flowControl, 'window of the connection');
      return;
    }
    const stream = this.#find(id, 'WINDOW_UPDATE');
    if (!stream) return;
    if (bytes === 0) {
      this.#fail(stream, new StreamError(errorCode.protocol, 'WINDOW_UPDATE of 0'));
      return;
    }
    if (!stream.widen(bytes)) {
      this.#fail(stream, new StreamError(errorCode.flowControl, 'window of a stream'));
      return;
    }
    this.#output.schedule(stream);
  }

  #onSettings({flags, stream, payload}: Frame): void {
    if (stream !== 0) throw new ConnectionError(errorCode.protocol, 'SETTINGS of a stream');
    if (flags & flag.ack ? payload.length !== 0 : payload.length % 6 !== 0) {
      throw new ConnectionError(errorCode.frameSize, 'SETTINGS of a wrong size');
    }
    if (flags & flag.ack) return;
    // There are seven; each may go through all streams.
    if (payload.length > maxSettings * 6) throw new ConnectionError(errorCode.enhanceYourCalm, 'too many settings');
    this.#hasSettings = true;
    clearTimeout(this.#handshake);
    for (let at = 0; at < payload.length; at += 6) {
      this.#onSetting(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
    }
    this.#output.control(encodeFrame(frameType.settings, flag.ack, 0, new Uint8Array()));
  }

  #onSetting(id: number, value: number): void {
    if (id === setting.enablePush && value > 1) throw new ConnectionError(errorCode.protocol, 'ENABLE_PUSH');
    if (id === setting.maxFrameSize) {
      const isLegal = value >= defaults.frameSize && value <= 0xffffff;
      if (!isLegal) throw new ConnectionError(errorCode.protocol, 'MAX_FRAME_SIZE');
      this.#output.frameSize = Math.min(value, frameSize);
    }
    if (id !== setting.initialWindow) return;
    if (value > maxWindow) throw new ConnectionError(errorCode.flowControl, 'INITIAL_WINDOW_SIZE');
    const raise = value - this.#sendWindow;
    this.#sendWindow = value;
    for (const stream of this.#streams.values()) {
      if (!stream.widen(raise)) throw new ConnectionError(errorCode.flowControl, 'window of a stream');
      this.#output.schedule(stream);
    }
  }
}

function checkPriority({stream, payload}: Frame): void {
  if (stream === 0) throw new ConnectionError(errorCode.protocol, 'PRIORITY of the connection');
  if (payload.length !== 5) throw new ConnectionError(errorCode.frameSize, 'PRIORITY of a wrong size');
}

function refusePush(): void {
  throw new ConnectionError(errorCode.protocol, 'a push from a client');
}

/** The client opens no more streams, and waits for those that it has. */
function checkGoAway({stream, payload}: Frame): void {
  if (stream !== 0) throw new ConnectionError(errorCode.protocol, 'GOAWAY of a stream');
  if (payload.length < 8) throw new ConnectionError(errorCode.frameSize, 'GOAWAY of a wrong size');
}

function windowUpdate(stream: number, bytes: number): Buffer {
  return encodeFrame(frameType.windowUpdate, 0, stream, uint32(bytes));
}

function resetFrame(stream: number, code: number): Buffer {
  return encodeFrame(frameType.reset, 0, stream, uint32(code));
}
