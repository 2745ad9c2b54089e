/**
 * Just enough of WebAssembly's binary format to write a few hot loops in it: JavaScript has no instructions that look at
 * sixteen bytes at once. Code is nested lists of bytes; the functions below put operands before their operator, as the
 * stack machine wants them.
 */

/** Bytes of code, nested as they were put together. */
export type Code = readonly (number | Code)[];

export interface WasmFunction {
  name: string;
  /** All parameters and the result are i32. */
  parameters: number;
  /** Further i32 variables, and v128 variables behind them. */
  integers: number;
  vectors: number;
  body: Code;
}

const i32 = 0x7f;
const v128 = 0x7b;
const end = 0x0b;
const noResult = 0x40;

/** A module with one memory of `pages` times 64 KiB, exported as `memory`, and the functions by their names. */
export function assembleModule(pages: number, functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(f => [0x60, unsigned(f.parameters), Array(f.parameters).fill(i32), 1, i32]);
  const exports = functions.map((f, index) => [text(f.name), 0, unsigned(index)]);
  return Uint8Array.from(
    flatten([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, vector(types)),
      section(3, vector(functions.map((_, index) => unsigned(index)))),
      section(5, vector([[0, unsigned(pages)]])),
      section(7, vector([[text('memory'), 2, 0], ...exports])),
      section(10, vector(functions.map(functionBody))),
    ]),
  );
}

function functionBody({integers, vectors, body}: WasmFunction): Code {
  const locals = [
    [unsigned(integers), i32],
    [unsigned(vectors), v128],
  ];
  return sized([vector(locals), body, end]);
}

function section(id: number, content: Code): Code {
  return [id, sized(content)];
}

function vector(items: readonly Code[]): Code {
  return [unsigned(items.length), items];
}

function sized(content: Code): Code {
  const bytes = flatten(content);
  return [unsigned(bytes.length), bytes];
}

function text(value: string): Code {
  return sized([...Buffer.from(value)]);
}

function flatten(code: Code): number[] {
  return (code as unknown[]).flat(Number.POSITIVE_INFINITY) as number[];
}

/** LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

function signed(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const byte = Number(rest & 0x7fn);
    if (rest >= -64n && rest < 64n) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}

export const constant = (value: number): Code => [0x41, signed(BigInt(value | 0))];
export const get = (variable: number): Code => [0x20, variable];
export const set = (variable: number, value: Code): Code => [value, 0x21, variable];
/** Adds to a variable. */
export const advance = (variable: number, by: Code): Code => set(variable, add(get(variable), by));

const binary =
  (operator: number) =>
  (a: Code, b: Code): Code => [a, b, operator];
export const add = binary(0x6a);
export const subtract = binary(0x6b);
export const and = binary(0x71);
export const or = binary(0x72);
export const shiftLeft = binary(0x74);
export const shiftRight = binary(0x76);
export const equal = binary(0x46);
export const unequal = binary(0x47);
/** Comparisons are of unsigned numbers. */
export const less = binary(0x49);
export const greater = binary(0x4b);
export const atLeast = binary(0x4f);
export const trailingZeros = (value: Code): Code => [value, 0x68];
/** One of two values, both of which are computed. */
export const choose = (condition: Code, yes: Code, no: Code): Code => [yes, no, condition, 0x1b];

export const load8 = (address: Code, offset = 0): Code => [address, 0x2d, 0, unsigned(offset)];
export const load32 = (address: Code, offset = 0): Code => [address, 0x28, 0, unsigned(offset)];
export const store8 = (address: Code, value: Code, offset = 0): Code => [address, value, 0x3a, 0, unsigned(offset)];
export const store16 = (address: Code, value: Code, offset = 0): Code => [address, value, 0x3b, 0, unsigned(offset)];
export const store32 = (address: Code, value: Code, offset = 0): Code => [address, value, 0x36, 0, unsigned(offset)];

export const loadVector = (address: Code): Code => [address, 0xfd, 0x00, 0, 0];
export const storeVector = (address: Code, value: Code): Code => [address, value, 0xfd, 0x0b, 0, 0];
/** Sixteen times the same byte. */
export const bytesOf = (byte: number): Code => [0xfd, 0x0c, Array(16).fill(byte)];
export const equalBytes = (a: Code, b: Code): Code => [a, b, 0xfd, 0x23];
/** Bytes as signed numbers: those from 0x80 on are less than all others. */
export const lessBytes = (a: Code, b: Code): Code => [a, b, 0xfd, 0x25];
export const orVectors = (a: Code, b: Code): Code => [a, b, 0xfd, 0x50];
/** The highest bit of each byte, as sixteen bits. */
export const bitmask = (value: Code): Code => [value, 0xfd, 0x64];

/** `leave(0)` goes to its start again, `leave(1)` to that of the loop around it (or behind the `when` around it). */
export const loop = (...body: Code[]): Code => [0x03, noResult, body, end];
export const when = (condition: Code, ...body: Code[]): Code => [condition, 0x04, noResult, body, end];
export const either = (condition: Code, yes: Code, no: Code): Code => [condition, 0x04, noResult, yes, 0x05, no, end];
/** Jumps: every `loop`, `when` and `either` around it counts as one. */
export const leave = (depth: number): Code => [0x0c, depth];
export const leaveIf = (depth: number, condition: Code): Code => [condition, 0x0d, depth];
export const give = (value: Code): Code => [value, 0x0f];
export const call = (index: number, ...values: Code[]): Code => [values, 0x10, unsigned(index)];
