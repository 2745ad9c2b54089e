/** The inside of JSON strings as Go's encoder writes them. */

const needsEscape = new Uint8Array(256);
for (let byte = 0; byte < 0x20; byte++) needsEscape[byte] = 1;
for (const char of '"\\<>&') needsEscape[char.charCodeAt(0)] = 1;
const hex = Buffer.from('0123456789abcdef');

/** The worst case of one byte: `\u003c`. */
export const maximumExpansion = 6;

/** Writes the inside of a JSON string; returns the offset behind it. Every byte that is no UTF-8 becomes `\ufffd`. */
export function escapeInto(target: Buffer, offset: number, line: Buffer): number {
  let at = offset;
  for (let i = 0; i < line.length; ) {
    const byte = line[i] as number;
    if (byte >= 0x80) {
      const width = utf8Length(line, i);
      at =
        width === 0 || isSeparator(line, i) ? escapeUnit(target, at, line, i, width) : copy(target, at, line, i, width);
      i += width || 1;
      continue;
    }
    if (needsEscape[byte] === 0) target[at++] = byte;
    else at = escapeByte(target, at, byte);
    i++;
  }
  return at;
}

function copy(target: Buffer, at: number, line: Buffer, from: number, count: number): number {
  for (let i = 0; i < count; i++) target[at + i] = line[from + i] as number;
  return at + count;
}

/** What is no UTF-8, or one of the two line separators. */
function escapeUnit(target: Buffer, at: number, line: Buffer, from: number, width: number): number {
  const digits = width === 0 ? 'fffd' : line[from + 2] === 0xa8 ? '2028' : '2029';
  return at + target.write(`\\u${digits}`, at, 'latin1');
}

/** U+2028 and U+2029. */
function isSeparator(line: Buffer, at: number): boolean {
  return line[at] === 0xe2 && line[at + 1] === 0x80 && ((line[at + 2] as number) | 1) === 0xa9;
}

/** Bytes of the character there that is not ASCII; 0 where it is no valid UTF-8 (RFC 3629). */
function utf8Length(line: Buffer, at: number): number {
  const first = line[at] as number;
  if (first < 0xc2 || first > 0xf4) return 0;
  if (first < 0xe0) return isContinued(line, at + 1) ? 2 : 0;
  const second = line[at + 1] ?? 0;
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most || !isContinued(line, at + 2)) return 0;
  if (first < 0xf0) return 3;
  return isContinued(line, at + 3) ? 4 : 0;
}

function isContinued(line: Buffer, at: number): boolean {
  return ((line[at] ?? 0) & 0xc0) === 0x80;
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

export function escapeText(text: string): string {
  return text.replace(/["\\<>&\u0000-\u001f\u2028\u2029]/g, char => {
    if (char === '\n') return '\\n';
    if (char === '\r') return '\\r';
    if (char === '"' || char === '\\') return `\\${char}`;
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
