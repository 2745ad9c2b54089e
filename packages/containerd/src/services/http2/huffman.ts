/**
 * The Huffman code of header strings (RFC 7541, appendix B). It is canonical: shorter codes come first, and among those
 * of one length the smaller symbols, so that the lengths say all.
 */
import {Buffer} from 'node:buffer';

const endOfString = 256;

/** Bits of the codes, with the symbols that have them; runs as `from-to`. */
const symbolsByLength: Record<number, string> = {
  5: '48-50 97 99 101 105 111 115-116',
  6: '32 37 45-47 51-57 61 65 95 98 100 102-104 108-110 112 114 117',
  7: '58 66-87 89 106-107 113 118-122',
  8: '38 42 44 59 88 90',
  10: '33-34 40-41 63',
  11: '39 43 124',
  12: '35 62',
  13: '0 36 64 91 93 126',
  14: '94 125',
  15: '60 96 123',
  19: '92 195 208',
  20: '128 130-131 162 184 194 224 226',
  21: '153 161 167 172 176-177 179 209 216-217 227 229-230',
  22: '129 132-134 136 146 154 156 160 163-164 169-170 173 178 181 185-187 189-190 196 198 228 232-233',
  23: '1 135 137-141 143 147 149-152 155 157-158 165-166 168 174-175 180 182-183 188 191 197 231 239',
  24: '9 142 144-145 148 159 171 206 215 225 236-237',
  25: '199 207 234-235',
  26: '192-193 200-202 205 210 213 218-219 238 240 242-243 255',
  27: '203-204 211-212 214 221-223 241 244-248 250-254',
  28: '2-8 11-12 14-21 23-31 127 220 249',
  30: '10 13 22 256',
};

/** `first[length]` is the first code of that length, `symbols` has those of one length after another. */
type Code = {first: Int32Array; count: Int32Array; offset: Int32Array; symbols: Int32Array};

const code = makeCode();

function makeCode(): Code {
  const made = {first: new Int32Array(31), count: new Int32Array(31), offset: new Int32Array(31)};
  const symbols: number[] = [];
  let next = 0;
  for (let length = 1; length <= 30; length++) {
    next <<= 1;
    const here = expand(symbolsByLength[length] ?? '');
    made.first[length] = next;
    made.count[length] = here.length;
    made.offset[length] = symbols.length;
    symbols.push(...here);
    next += here.length;
  }
  return {...made, symbols: Int32Array.from(symbols)};
}

function expand(runs: string): number[] {
  if (runs === '') return [];
  return runs.split(' ').flatMap(run => {
    const [from = 0, to = from] = run.split('-').map(Number);
    return Array.from({length: to - from + 1}, (_, i) => from + i);
  });
}

/** Undefined when it is not a text in this code. */
export function decodeHuffman(bytes: Uint8Array): Buffer | undefined {
  const out = Buffer.allocUnsafe(Math.ceil((bytes.length * 8) / 5));
  let size = 0;
  let bits = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      bits = (bits << 1) | ((byte >> bit) & 1);
      const index = bits - (code.first[++length] as number);
      if (index >= (code.count[length] as number) || index < 0) {
        if (length === 30) return undefined;
        continue;
      }
      const symbol = code.symbols[(code.offset[length] as number) + index] as number;
      if (symbol === endOfString) return undefined;
      out[size++] = symbol;
      bits = 0;
      length = 0;
    }
  }
  // Less than a byte of the end of string's first bits, which are ones, fills the last byte.
  return length < 8 && bits === (1 << length) - 1 ? out.subarray(0, size) : undefined;
}
