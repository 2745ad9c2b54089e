/** Frames of a websocket client, RFC 6455 section 5, as they come in: data is passed on before its frame is complete. */

export const opcodes = {continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10} as const;

/** Status codes of a close frame. */
export const closeCodes = {normal: 1000, goingAway: 1001, protocol: 1002, invalidText: 1007} as const;

/** What the peer did wrong; the connection is closed with this code. */
export class ProtocolError extends Error {
  readonly code: number;

  constructor(message: string, code: number = closeCodes.protocol) {
    super(message);
    this.code = code;
  }
}

export type ClientEvent =
  | {type: 'data'; payload: Buffer}
  | {type: 'ping' | 'pong'; payload: Buffer}
  | {type: 'close'; code: number | undefined};

const maximumControl = 125;

interface Frame {
  isFinal: boolean;
  opcode: number;
  mask: Buffer;
  /** Bytes of the payload that are still to come, and how many have been seen. */
  left: number;
  seen: number;
}

export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);
  #frame: Frame | undefined;
  /** A message whose last frame has not come yet. */
  #message: 'text' | 'binary' | undefined;
  #decoder = newDecoder();

  /** What the next bytes mean. Throws ProtocolError. */
  push(chunk: Buffer): ClientEvent[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const events: ClientEvent[] = [];
    for (let event = this.#next(); event; event = this.#next()) if (event !== 'nothing') events.push(event);
    return events;
  }

  /** Undefined when more bytes are needed. */
  #next(): ClientEvent | 'nothing' | undefined {
    this.#frame ??= this.#readHead();
    const frame = this.#frame;
    if (!frame) return undefined;
    const isControl = frame.opcode >= opcodes.close;
    if (isControl && this.#rest.length < frame.left) return undefined;
    if (frame.left > 0 && this.#rest.length === 0) return undefined;
    const payload = this.#takePayload(frame);
    if (frame.left === 0) this.#frame = undefined;
    return isControl ? controlEvent(frame.opcode, payload) : this.#dataEvent(payload, frame);
  }

  #readHead(): Frame | undefined {
    const [first, second] = this.#rest;
    if (first === undefined || second === undefined) return undefined;
    const opcode = first & 0x0f;
    const isFinal = (first & 0x80) !== 0;
    if ((first & 0x70) !== 0) throw new ProtocolError('reserved bits are set');
    if ((second & 0x80) === 0) throw new ProtocolError('the frames of a client must be masked');
    const short = second & 0x7f;
    const lengthSize = short === 127 ? 8 : short === 126 ? 2 : 0;
    this.#checkOpcode(opcode, isFinal, short);
    const headSize = 2 + lengthSize + 4;
    if (this.#rest.length < headSize) return undefined;
    const left = lengthSize === 0 ? short : readLength(this.#rest, lengthSize);
    const mask = Buffer.from(this.#rest.subarray(headSize - 4, headSize));
    this.#rest = this.#rest.subarray(headSize);
    if (opcode === opcodes.text || opcode === opcodes.binary) this.#message = opcode === 1 ? 'text' : 'binary';
    return {isFinal, opcode, mask, left, seen: 0};
  }

  #checkOpcode(opcode: number, isFinal: boolean, length: number): void {
    if (opcode >= opcodes.close) {
      if (opcode > opcodes.pong) throw new ProtocolError(`unknown opcode ${opcode}`);
      if (!isFinal) throw new ProtocolError('a control frame must not be fragmented');
      if (length > maximumControl) throw new ProtocolError('a control frame may have 125 bytes at most');
    } else if (opcode > opcodes.binary) throw new ProtocolError(`unknown opcode ${opcode}`);
    else if (opcode === opcodes.continuation && !this.#message) throw new ProtocolError('there is nothing to continue');
    else if (opcode !== opcodes.continuation && this.#message) throw new ProtocolError('a message is not complete yet');
  }

  /** As much of the payload as there is, unmasked. */
  #takePayload(frame: Frame): Buffer {
    const size = Math.min(frame.left, this.#rest.length);
    const payload = Buffer.from(this.#rest.subarray(0, size));
    for (let i = 0; i < size; i++) payload[i] = (payload[i] as number) ^ (frame.mask[(frame.seen + i) & 3] as number);
    this.#rest = this.#rest.subarray(size);
    frame.left -= size;
    frame.seen += size;
    return payload;
  }

  #dataEvent(payload: Buffer, {isFinal, left}: Frame): ClientEvent | 'nothing' {
    const isEnd = isFinal && left === 0;
    if (this.#message === 'text') this.#checkText(payload, isEnd);
    if (isEnd) this.#message = undefined;
    return payload.length === 0 ? 'nothing' : {type: 'data', payload};
  }

  #checkText(payload: Buffer, isEnd: boolean): void {
    try {
      this.#decoder.decode(payload, {stream: !isEnd});
    } catch {
      throw new ProtocolError('a text message is not UTF-8', closeCodes.invalidText);
    }
    if (isEnd) this.#decoder = newDecoder();
  }
}

function newDecoder() {
  return new TextDecoder('utf-8', {fatal: true});
}

function readLength(head: Buffer, size: 2 | 8): number {
  if (size === 2) return head.readUInt16BE(2);
  const length = head.readBigUInt64BE(2);
  if (length > BigInt(Number.MAX_SAFE_INTEGER)) throw new ProtocolError('a frame is too long', 1009);
  return Number(length);
}

function controlEvent(opcode: number, payload: Buffer): ClientEvent {
  if (opcode === opcodes.ping) return {type: 'ping', payload};
  if (opcode === opcodes.pong) return {type: 'pong', payload};
  if (payload.length === 0) return {type: 'close', code: undefined};
  if (payload.length === 1) throw new ProtocolError('a close frame has half a status code');
  const code = payload.readUInt16BE(0);
  const isAllowed =
    (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code < 5000);
  if (!isAllowed) throw new ProtocolError(`status code ${code} may not be sent`);
  try {
    newDecoder().decode(payload.subarray(2));
  } catch {
    throw new ProtocolError('the reason of a close frame is not UTF-8', closeCodes.invalidText);
  }
  return {type: 'close', code};
}

/** The head of a whole frame of the server; its payload follows unmasked. */
export function serverFrameHead(opcode: number, length: number): Buffer {
  const lengthSize = length > 0xffff ? 8 : length > maximumControl ? 2 : 0;
  const head = Buffer.alloc(2 + lengthSize);
  head[0] = 0x80 | opcode;
  head[1] = lengthSize === 0 ? length : lengthSize === 2 ? 126 : 127;
  if (lengthSize === 2) head.writeUInt16BE(length, 2);
  if (lengthSize === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}
