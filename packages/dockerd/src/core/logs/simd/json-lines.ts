import {
  add,
  advance,
  and,
  bitmask,
  bytesOf,
  type Code,
  call,
  choose,
  constant,
  either,
  equal,
  equalBytes,
  get,
  greater,
  leave,
  leaveIf,
  less,
  lessBytes,
  load8,
  load32,
  loadVector,
  loop,
  or,
  orVectors,
  set,
  shiftLeft,
  shiftRight,
  store8,
  store16,
  store32,
  storeVector,
  subtract,
  trailingZeros,
  unequal,
  type WasmFunction,
  when,
} from './assembler.ts';

const [input, end, output, limit, suffix, suffixSize, result] = [0, 1, 2, 3, 4, 5, 6];
const [lines, mask, char, width, at, piece] = [7, 8, 9, 10, 11, 12];

/** Number of `utf8Length` in the module. */
const utf8Length = 0;
const ascii = (text: string) => constant(Buffer.from(text.padEnd(4, '\0')).readInt32LE());
const digit = {zero: 0x30, nine: 0x39};
/** The suffix ends with `Z"}` and a line feed; the last digit of the time is before them. */
const afterDigits = 4;
/** Digits of nanoseconds. */
const digits = 9;

/** Copies sixteen bytes and advances to the first one that is not to be copied, which may be none of them. */
const copyPlain = loop(
  set(piece, loadVector(get(input))),
  storeVector(get(output), get(piece)),
  set(
    mask,
    bitmask(
      [
        lessBytes(get(piece), bytesOf(0x20)),
        ...[...'"\\<>&'].map(c => equalBytes(get(piece), bytesOf(c.charCodeAt(0)))),
      ].reduce(orVectors),
    ),
  ),
  when(equal(get(mask), constant(0)), advance(input, constant(16)), advance(output, constant(16)), leave(1)),
);

const write6 = (head: Code, tail: Code): Code => [
  store32(get(output), head),
  store16(get(output), tail, 4),
  advance(output, constant(6)),
];

const hexDigit = (value: Code) => add(value, choose(greater(value, constant(9)), constant(0x57), constant(digit.zero)));

const escapeAscii: Code = [
  either(
    or(or(equal(get(char), constant(0x22)), equal(get(char), constant(0x5c))), equal(get(char), constant(0x0d))),
    [
      set(width, choose(equal(get(char), constant(0x0d)), constant(0x72), get(char))),
      store16(get(output), or(constant(0x5c), shiftLeft(get(width), constant(8)))),
      advance(output, constant(2)),
    ],
    write6(
      ascii('\\u00'),
      or(hexDigit(shiftRight(get(char), constant(4))), shiftLeft(hexDigit(and(get(char), constant(15))), constant(8))),
    ),
  ),
  advance(input, constant(1)),
];

/** The two line separators of Unicode are escaped; their last bytes differ in one bit. */
const isSeparator = and(
  equal(and(load32(get(input)), constant(0x00feffff)), constant(0x00a880e2)),
  equal(get(width), constant(3)),
);

const escapeUnicode: Code = [
  set(width, call(utf8Length, get(input))),
  either(
    equal(get(width), constant(0)),
    [write6(ascii('\\uff'), ascii('fd')), advance(input, constant(1))],
    [
      either(
        isSeparator,
        write6(ascii('\\u20'), or(constant(0x3832), shiftLeft(and(load8(get(input), 2), constant(1)), constant(8)))),
        [store32(get(output), load32(get(input))), advance(output, get(width))],
      ),
      advance(input, get(width)),
    ],
  ),
];

/** Counts the nanoseconds up to the next number that is no multiple of ten; leaves the outermost block at the last. */
const nextTime: Code = [
  set(at, add(get(suffix), subtract(get(suffixSize), constant(afterDigits + 1)))),
  set(char, load8(get(at))),
  either(unequal(get(char), constant(digit.nine)), store8(get(at), add(get(char), constant(1))), [
    set(width, subtract(get(at), constant(digits - 1))),
    set(mask, subtract(get(at), constant(1))),
    loop(
      when(
        and(greater(get(mask), subtract(get(width), constant(1))), equal(load8(get(mask)), constant(digit.nine))),
        advance(mask, constant(-1)),
        leave(1),
      ),
    ),
    // 999999999: the second changes too, which is done elsewhere.
    leaveIf(2, less(get(mask), get(width))),
    store8(get(mask), add(load8(get(mask)), constant(1))),
    advance(mask, constant(1)),
    loop(when(less(get(mask), get(at)), store8(get(mask), constant(digit.zero)), advance(mask, constant(1)), leave(1))),
    store8(get(at), constant(digit.zero + 1)),
  ]),
];

const writeSuffix: Code = [
  set(at, constant(0)),
  loop(
    storeVector(add(get(output), get(at)), loadVector(add(get(suffix), get(at)))),
    advance(at, constant(16)),
    leaveIf(0, less(get(at), get(suffixSize))),
  ),
  advance(output, get(suffixSize)),
];

/**
 * `jsonLines(input, end, output, limit, suffix, suffixSize, result)`: writes the lines from `input` to `end`, each of
 * which ends with a line feed, as records of a json-file log, until `output` is beyond `limit`. The suffix stands
 * behind the text of each line; the nanoseconds in it are counted up in place from the second line on. It stops where
 * the second would change. Gives the number of lines; `result` gets the places behind what was read and written. Up to
 * 15 bytes behind each of the ranges are touched.
 */
export const jsonLines: WasmFunction = {
  name: 'jsonLines',
  parameters: 7,
  integers: 5,
  vectors: 1,
  body: [
    loop(
      when(
        and(less(get(input), get(end)), less(get(output), get(limit))),
        when(greater(get(lines), constant(0)), nextTime),
        store32(get(output), ascii('{"lo')),
        store32(get(output), ascii('g":"'), 4),
        advance(output, constant(8)),
        loop(
          copyPlain,
          set(width, trailingZeros(get(mask))),
          advance(input, get(width)),
          advance(output, get(width)),
          set(char, load8(get(input))),
          when(
            unequal(get(char), constant(10)),
            either(less(get(char), constant(0x80)), escapeAscii, escapeUnicode),
            leave(1),
          ),
        ),
        advance(input, constant(1)),
        writeSuffix,
        advance(lines, constant(1)),
        leave(1),
      ),
    ),
    store32(get(result), get(input)),
    store32(get(result), get(output), 4),
    get(lines),
  ],
};
