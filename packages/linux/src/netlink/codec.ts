import {Buffer} from 'node:buffer';
import {EngineError} from '@longshore/errdefs';

/** Netlink's wire format (netlink(7)): messages of a 16-byte header, a fixed part and attributes, all in host order. */

export const NLM_F_REQUEST = 0x1;
export const NLM_F_MULTI = 0x2;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_CAPPED = 0x100;
export const NLM_F_ACK_TLVS = 0x200;
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;

export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

const headerSize = 16;
const attributeHeaderSize = 4;
const NLA_F_NESTED = 0x8000;
const NLA_TYPE_MASK = 0x3fff;

export function align4(size: number): number {
  return (size + 3) & ~3;
}

/** Grows a request: the fixed part first, then attributes in any order. */
export class MessageBuilder {
  #buffer = Buffer.alloc(256);
  #used = 0;

  /** Appends zeroed space, padded to 4 bytes, and returns it for the caller to fill before the next append. */
  reserve(size: number): Buffer {
    const start = this.#used;
    const end = start + align4(size);
    if (end > this.#buffer.length) {
      const larger = Buffer.alloc(end * 2);
      this.#buffer.copy(larger, 0, 0, start);
      this.#buffer = larger;
    }
    this.#used = end;
    return this.#buffer.subarray(start, start + size);
  }

  attribute(type: number, value: Uint8Array): this {
    const space = this.reserve(attributeHeaderSize + value.length);
    space.writeUInt16LE(attributeHeaderSize + value.length, 0);
    space.writeUInt16LE(type, 2);
    space.set(value, attributeHeaderSize);
    return this;
  }

  /** Text with its NUL. */
  text(type: number, value: string): this {
    return this.attribute(type, Buffer.from(`${value}\0`));
  }

  u8(type: number, value: number): this {
    return this.attribute(type, Buffer.of(value));
  }

  u16(type: number, value: number): this {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(value);
    return this.attribute(type, bytes);
  }

  u32(type: number, value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value >>> 0);
    return this.attribute(type, bytes);
  }

  /** An attribute made of what `fill` appends. */
  nested(type: number, fill: (inner: MessageBuilder) => void): this {
    const start = this.#used;
    this.reserve(attributeHeaderSize);
    fill(this);
    this.#buffer.writeUInt16LE(this.#used - start, start);
    this.#buffer.writeUInt16LE(type | NLA_F_NESTED, start + 2);
    return this;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#used);
  }
}

/** A whole request: header and body. The kernel fills in the sender's port. */
export function encodeMessage(type: number, flags: number, sequence: number, body: Uint8Array): Buffer {
  const message = Buffer.alloc(headerSize + body.length);
  message.writeUInt32LE(message.length, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt16LE(flags, 6);
  message.writeUInt32LE(sequence, 8);
  message.set(body, headerSize);
  return message;
}

export interface NetlinkMessage {
  type: number;
  flags: number;
  sequence: number;
  body: Buffer;
}

/** Splits what one receive brought. Throws data-loss if a length field does not fit. */
export function decodeMessages(data: Buffer): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at < data.length; ) {
    const length = at + headerSize <= data.length ? data.readUInt32LE(at) : 0;
    if (length < headerSize || at + length > data.length) throw malformed('message', at, data.length);
    messages.push({
      type: data.readUInt16LE(at + 4),
      flags: data.readUInt16LE(at + 6),
      sequence: data.readUInt32LE(at + 8),
      body: data.subarray(at + headerSize, at + length),
    });
    at += align4(length);
  }
  return messages;
}

export type Attributes = Map<number, Buffer>;

/** Attributes from offset `start` on; of several with one type the last counts. Throws data-loss if one does not fit. */
export function decodeAttributes(data: Buffer, start = 0): Attributes {
  const attributes: Attributes = new Map();
  for (let at = align4(start); at < data.length; ) {
    const length = at + attributeHeaderSize <= data.length ? data.readUInt16LE(at) : 0;
    if (length < attributeHeaderSize || at + length > data.length) throw malformed('attribute', at, data.length);
    attributes.set(data.readUInt16LE(at + 2) & NLA_TYPE_MASK, data.subarray(at + attributeHeaderSize, at + length));
    at += align4(length);
  }
  return attributes;
}

function malformed(what: string, at: number, size: number): EngineError {
  return new EngineError('data-loss', `malformed netlink ${what} at byte ${at} of ${size}`);
}

/** The fixed part of a message. Throws data-loss if the body is shorter. */
export function fixedPart(body: Buffer, size: number): Buffer {
  if (body.length < size) throw malformed('message body', body.length, size);
  return body.subarray(0, size);
}

/** Text of an attribute, without its NUL. */
export function attributeText(value: Buffer | undefined): string | undefined {
  if (!value) return undefined;
  const nul = value.indexOf(0);
  return value.toString('utf8', 0, nul < 0 ? value.length : nul);
}

/** 32-bit value of an attribute; undefined if absent or too short. */
export function attributeU32(value: Buffer | undefined): number | undefined {
  return value && value.length >= 4 ? value.readUInt32LE(0) : undefined;
}
