/** The functions templates may call: those of text/template and those Docker adds. */
import {goJson} from '../go-json.ts';
import {sprint, sprintf, sprintln} from './printf.ts';
import {asInteger, formatValue, isMap, isNil, isTrue, typeName} from './values.ts';

export interface TemplateFunction {
  /** Least and greatest number of arguments. */
  arity: [number, number];
  call(args: unknown[]): unknown;
}

/** An argument that a function cannot take; reported at the argument, not at the call. */
export class WrongArgument extends Error {
  readonly index: number;

  constructor(index: number, message: string) {
    super(message);
    this.index = index;
  }
}

const many = Number.POSITIVE_INFINITY;
const define = (min: number, max: number, call: (args: unknown[]) => unknown): TemplateFunction => ({
  arity: [min, max],
  call,
});

export const templateFunctions: Record<string, TemplateFunction> = {
  // Docker's
  json: define(1, 1, ([value]) => toJson(value)),
  split: define(2, 2, args => text(args, 0).split(text(args, 1))),
  join: define(2, 2, args => strings(args, 0).join(text(args, 1))),
  title: define(1, 1, args =>
    text(args, 0).replace(/(^|[\s_-])(\p{L})/gu, (_, before, letter) => before + letter.toUpperCase()),
  ),
  lower: define(1, 1, args => text(args, 0).toLowerCase()),
  upper: define(1, 1, args => text(args, 0).toUpperCase()),
  pad: define(3, 3, args => padded(text(args, 0), integer(args, 1), integer(args, 2))),
  truncate: define(2, 2, args => [...text(args, 0)].slice(0, integer(args, 1)).join('')),
  // Go's
  print: define(0, many, sprint),
  println: define(0, many, sprintln),
  printf: define(1, many, args => sprintf(text(args, 0), args.slice(1))),
  len: define(1, 1, ([value]) => length(value)),
  index: define(1, many, ([value, ...keys]) => keys.reduce(indexOne, value)),
  slice: define(1, 4, ([value, ...bounds]) => slice(value, bounds)),
  not: define(1, 1, ([value]) => !isTrue(value)),
  and: define(1, many, args => args.find(arg => !isTrue(arg)) ?? args.at(-1)),
  or: define(1, many, args => args.find(isTrue) ?? args.at(-1)),
  eq: define(1, many, args => equalsAny(args)),
  ne: define(2, 2, ([a, b]) => !equals(a, b)),
  lt: define(2, 2, ([a, b]) => compare(a, b) < 0),
  le: define(2, 2, ([a, b]) => compare(a, b) <= 0),
  gt: define(2, 2, ([a, b]) => compare(a, b) > 0),
  ge: define(2, 2, ([a, b]) => compare(a, b) >= 0),
  html: define(0, many, args => sprint(args).replace(/[&<>"'\0]/g, c => htmlEntities[c]!)),
  urlquery: define(0, many, args => encodeURIComponent(sprint(args)).replaceAll('%20', '+')),
  js: define(0, many, args => sprint(args).replace(/[\\'"<>&=\n\r\t]/g, c => jsEscapes[c] ?? c)),
};

const htmlEntities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
  '\0': '\uFFFD',
};
const jsEscapes: Record<string, string> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
  '\n': '\\u000A',
  '\r': '\\u000D',
  '\t': '\\u0009',
};

/** Rows know how to be JSON, and are marshalled by Go with its escapes; everything else is JSON already. */
function toJson(value: unknown): string {
  const isRow = typeof value === 'object' && value !== null && 'toJSON' in value;
  return isRow ? goJson((value as {toJSON(): unknown}).toJSON(), {escapeHtml: true}) : goJson(value ?? null);
}

function text(args: unknown[], index: number): string {
  const value = args[index];
  if (typeof value === 'string') return value;
  throw wrongType(index, 'string', value);
}

function integer(args: unknown[], index: number): number {
  const value = asInteger(args[index]);
  if (value !== undefined) return value;
  throw wrongType(index, 'int', args[index]);
}

function strings(args: unknown[], index: number): string[] {
  const value = args[index];
  if (isNil(value)) return [];
  if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value;
  throw wrongType(index, '[]string', value);
}

function wrongType(index: number, wanted: string, value: unknown): WrongArgument {
  return new WrongArgument(index, `wrong type for value; expected ${wanted}; got ${typeName(value)}`);
}

function padded(value: string, before: number, after: number): string {
  return value === '' ? value : ' '.repeat(before) + value + ' '.repeat(after);
}

function length(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (isMap(value)) return Object.keys(value).length;
  throw new Error(isNil(value) ? 'len of nil pointer' : `len of type ${typeName(value)}`);
}

function indexOne(value: unknown, key: unknown): unknown {
  if (isNil(value)) throw new Error('index of untyped nil');
  if (isMap(value)) {
    if (typeof key !== 'string') throw new Error(`value has type ${typeName(key)}; should be string`);
    return Object.hasOwn(value, key) ? value[key] : zeroOf(value);
  }
  if (!Array.isArray(value) && typeof value !== 'string')
    throw new Error(`can't index item of type ${typeName(value)}`);
  const at = asInteger(key);
  if (at === undefined) throw new Error(`cannot index slice/array with type ${typeName(key)}`);
  if (at < 0 || at >= value.length) throw new Error(`index out of range: ${at}`);
  return typeof value === 'string' ? value.charCodeAt(at) : value[at];
}

/**
 * What an absent key of a map has. The type of the map is not in the JSON, so it is guessed from what else is in it:
 * labels and options (or nothing) give the empty string, port lists an empty list.
 */
function zeroOf(map: Record<string, unknown>): unknown {
  const values = Object.values(map);
  if (values.every(value => typeof value === 'string')) return '';
  return values.every(value => Array.isArray(value) || value === null) ? [] : undefined;
}

function slice(value: unknown, bounds: unknown[]): unknown {
  if (typeof value !== 'string' && !Array.isArray(value))
    throw new Error(`can't slice item of type ${typeName(value)}`);
  const [from = 0, to = value.length] = bounds.map(bound => asInteger(bound));
  if (from < 0 || to > value.length) throw new Error(`index out of range: ${to > value.length ? to : from}`);
  if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`);
  return value.slice(from, to);
}

function equalsAny([first, ...others]: unknown[]): boolean {
  if (others.length === 0) throw new Error('missing argument for comparison');
  return others.some(other => equals(first, other));
}

function equals(a: unknown, b: unknown): boolean {
  if (isNil(a) || isNil(b)) return isNil(a) && isNil(b);
  if (typeof a === 'object' || typeof b === 'object') throw new Error('non-comparable type');
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint equals a number
  if (isNumber(a) && isNumber(b)) return a == b;
  if (typeof a !== typeof b) throw new Error('incompatible types for comparison');
  return a === b;
}

function compare(a: unknown, b: unknown): number {
  const isOrdered = (isNumber(a) && isNumber(b)) || (typeof a === 'string' && typeof b === 'string');
  if (!isOrdered) {
    const kinds = [a, b].map(value => (isNumber(value) || typeof value === 'string' ? '' : formatValue(value)));
    throw new Error(kinds.some(Boolean) ? 'invalid type for comparison' : 'incompatible types for comparison');
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}
