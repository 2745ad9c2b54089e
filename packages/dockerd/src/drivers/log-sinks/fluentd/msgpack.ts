/** As much of MessagePack as fluentd's forward protocol needs. */

/** Seconds and nanoseconds, fluentd's extension 0. */
export interface EventTime {
  seconds: number;
  nanoseconds: number;
}

export function packArrayHead(length: number): Buffer {
  return Buffer.from([0x90 | length]);
}

/** Up to 65535 pairs. */
export function packMapHead(size: number): Buffer {
  if (size < 16) return Buffer.from([0x80 | size]);
  const head = Buffer.from([0xde, 0, 0]);
  head.writeUInt16BE(size, 1);
  return head;
}

/** A text, or bytes as one: logs are whatever the container wrote. */
export function packString(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([stringHead(bytes.length), bytes]);
}

function stringHead(length: number): Buffer {
  if (length < 32) return Buffer.from([0xa0 | length]);
  if (length < 256) return Buffer.from([0xd9, length]);
  const isShort = length < 65_536;
  const head = Buffer.alloc(isShort ? 3 : 5);
  head[0] = isShort ? 0xda : 0xdb;
  if (isShort) head.writeUInt16BE(length, 1);
  else head.writeUInt32BE(length, 1);
  return head;
}

export function packSeconds(seconds: number): Buffer {
  const packed = Buffer.from([0xce, 0, 0, 0, 0]);
  packed.writeUInt32BE(seconds, 1);
  return packed;
}

export function packEventTime({seconds, nanoseconds}: EventTime): Buffer {
  const packed = Buffer.alloc(10);
  packed[0] = 0xd7;
  packed.writeUInt32BE(seconds, 2);
  packed.writeUInt32BE(nanoseconds, 6);
  return packed;
}

export function packStringMap(pairs: readonly (readonly [string, string | Buffer])[]): Buffer {
  const packed = pairs.flatMap(([name, value]) => [packString(name), packString(value)]);
  return Buffer.concat([packMapHead(pairs.length), ...packed]);
}

/**
 * Reads a map of texts, which acknowledgements are, and how many bytes it has. Undefined while bytes are missing.
 * Throws for anything else.
 */
export function readStringMap(data: Buffer): {map: Record<string, string>; size: number} | undefined {
  const count = (data[0] ?? 0) & 0x0f;
  if (((data[0] ?? 0) & 0xf0) !== 0x80) throw new Error('not a map of texts');
  const map: Record<string, string> = {};
  let at = 1;
  for (let i = 0; i < count; i++) {
    const key = readString(data, at);
    const value = key && readString(data, key.end);
    if (!value) return undefined;
    map[key.text] = value.text;
    at = value.end;
  }
  return {map, size: at};
}

function readString(data: Buffer, at: number): {text: string; end: number} | undefined {
  const head = data[at];
  if (head === undefined) return undefined;
  const isFixed = (head & 0xe0) === 0xa0;
  const headSize = isFixed ? 1 : head === 0xd9 ? 2 : head === 0xda ? 3 : 0;
  if (headSize === 0) throw new Error('not a text');
  if (data.length < at + headSize) return undefined;
  const length = isFixed ? head & 0x1f : headSize === 2 ? data.readUInt8(at + 1) : data.readUInt16BE(at + 1);
  const end = at + headSize + length;
  return data.length < end ? undefined : {text: data.toString('utf8', at + headSize, end), end};
}
