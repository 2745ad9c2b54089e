/** The inside of JSON strings as Go's encoder writes them. */

const needsEscape = new Uint8Array(256);
for (let byte = 0; byte < 0x20; byte++) needsEscape[byte] = 1;
for (const char of '"\\<>&') needsEscape[char.charCodeAt(0)] = 1;
/** The same with what is not ASCII, but without the line feed that every line has at its end. */
const notPlain = needsEscape.map((flag, byte) => (byte >= 0x80 ? 1 : byte === 10 ? 0 : flag));
const hex = Buffer.from('0123456789abcdef');

/** The worst case of one byte: `\u003c`. */
export const maximumExpansion = 6;

/** True when nothing but line feeds would have to be escaped. */
export function isPlain(data: Buffer, start: number, end: number): boolean {
  let found = 0;
  for (let i = start; i < end; i++) found |= notPlain[data[i] as number] as number;
  return found === 0;
}

/** Writes the inside of a JSON string; returns the offset behind it. */
export function escapeInto(target: Buffer, offset: number, line: Buffer): number {
  let at = offset;
  for (let i = 0; i < line.length; i++) {
    const byte = line[i] as number;
    if (byte >= 0x80) return escapeUnicode(target, offset, line);
    if (needsEscape[byte] === 0) target[at++] = byte;
    else at = escapeByte(target, at, byte);
  }
  return at;
}

function escapeByte(target: Buffer, at: number, byte: number): number {
  target[at] = 0x5c;
  if (byte === 0x0a || byte === 0x0d || byte === 0x22 || byte === 0x5c) {
    target[at + 1] = byte === 0x0a ? 0x6e : byte === 0x0d ? 0x72 : byte;
    return at + 2;
  }
  target[at + 1] = 0x75;
  target[at + 2] = target[at + 3] = 0x30;
  target[at + 4] = hex[byte >> 4] as number;
  target[at + 5] = hex[byte & 15] as number;
  return at + 6;
}

const decoder = new TextDecoder('utf-8', {ignoreBOM: true});

/** The slow way, for lines that are not ASCII: decoding puts U+FFFD where bytes are no UTF-8. */
function escapeUnicode(target: Buffer, offset: number, line: Buffer): number {
  const text = escapeText(decoder.decode(line));
  return offset + target.write(text, offset, 'utf8');
}

export function escapeText(text: string): string {
  return text.replace(/["\\<>&\u0000-\u001f\u2028\u2029]/g, char => {
    if (char === '\n') return '\\n';
    if (char === '\r') return '\\r';
    if (char === '"' || char === '\\') return `\\${char}`;
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
