/**
 * Flags of a command, as oclif metadata that also says how Docker's own flag library (pflag) would read them: a kind,
 * a start value, and a step per occurrence. `argv.ts` does the reading, `help.ts` the printing.
 */

import {parseBinarySize, parseDuration} from '@longshore/term';
import type {Command, Interfaces} from '@oclif/core';

export interface FlagOptions<T> {
  char?: string;
  /** Start value; what the flag has when it is not given. */
  initial?: T;
  /** The default that help shows in parentheses, when it shows one. */
  shown?: string;
  hidden?: boolean;
  /** Other names it answers to; none of them is shown in help. */
  aliases?: string[];
}

/** One flag: oclif's metadata plus how a text changes its value. */
export type FlagSpec<T> = Interfaces.OptionFlag<T> & {
  /** The word help shows for the value (`list`, `bytes`); empty for a boolean. */
  kind: string;
  initial: T;
  /** The value that an occurrence without `=value` has; undefined when a value is required. */
  bare?: string;
  shown?: string;
  /** API version that knows it; older engines would drop it without a word. */
  since?: string;
  /** Takes one occurrence. Throws an Error with Docker's text for a value it cannot accept. */
  set(previous: T, text: string): T;
};

// biome-ignore lint/suspicious/noExplicitAny: a table of flags of different value types
export type FlagSpecs = Record<string, FlagSpec<any>>;

export type FlagValues<F extends FlagSpecs> = {[K in keyof F]: F[K]['initial']};

/** Builds a flag of any kind. */
export function custom<T>(
  kind: string,
  usage: string,
  set: (previous: T, text: string) => T,
  options: FlagOptions<T> & {initial: T; bare?: string},
): FlagSpec<T> {
  return {
    type: 'option',
    name: '', // filled in by the key it stands under
    description: usage,
    input: [],
    parse: async (text: string) => set(options.initial, text) as never,
    kind,
    initial: options.initial,
    set,
    ...(options.char && {char: options.char as Interfaces.AlphabetLowercase}),
    ...(options.bare !== undefined && {bare: options.bare}),
    ...(options.shown !== undefined && {shown: options.shown}),
    ...(options.hidden && {hidden: true}),
    ...(options.aliases && {aliases: options.aliases}),
  };
}

export function bool(usage: string, options: FlagOptions<boolean> = {}): FlagSpec<boolean> {
  const initial = options.initial ?? false;
  return custom('', usage, (_, text) => parseBool(text), {
    ...options,
    initial,
    bare: 'true',
    ...(initial && {shown: 'true'}),
  });
}

export function string(usage: string, options: FlagOptions<string> = {}): FlagSpec<string> {
  const shown = options.shown ?? (options.initial ? JSON.stringify(options.initial) : undefined);
  return custom('string', usage, (_, text) => text, {
    ...options,
    initial: options.initial ?? '',
    ...(shown && {shown}),
  });
}

export function int(usage: string, options: FlagOptions<number> = {}): FlagSpec<number> {
  const shown = options.shown ?? (options.initial ? String(options.initial) : undefined);
  return custom('int', usage, (_, text) => parseInteger(text), {
    ...options,
    initial: options.initial ?? 0,
    ...(shown && {shown}),
  });
}

export function uint16(usage: string, options: FlagOptions<number> = {}): FlagSpec<number> {
  return custom('uint16', usage, (_, text) => parseUint16(text), {
    shown: '0',
    ...options,
    initial: options.initial ?? 0,
  });
}

/** `64m`, `1g`; -1 is allowed for "unlimited" where `unlimited` says so. */
export function bytes(usage: string, options: FlagOptions<number> & {unlimited?: boolean} = {}): FlagSpec<number> {
  const set = (_: number, text: string) => (options.unlimited && text === '-1' ? -1 : parseBinarySize(text));
  return custom('bytes', usage, set, {...options, initial: options.initial ?? 0});
}

/** Nanoseconds. */
export function duration(usage: string, options: FlagOptions<number> = {}): FlagSpec<number> {
  return custom('duration', usage, (_, text) => parseDuration(text), {
    shown: '0s',
    ...options,
    initial: options.initial ?? 0,
  });
}

/** May be given several times; `check` may refuse or rewrite a value. */
export function list(
  usage: string,
  options: FlagOptions<string[]> & {check?: (text: string) => string; kind?: string} = {},
): FlagSpec<string[]> {
  const check = options.check ?? (text => text);
  const set = (previous: string[], text: string) => [...previous, check(text)];
  return custom(options.kind ?? 'list', usage, set, {...options, initial: options.initial ?? []});
}

/** A list whose values may also be separated by commas (pflag's StringSlice, read as one CSV line). */
export function strings(usage: string, options: FlagOptions<string[]> = {}): FlagSpec<string[]> {
  const set = (previous: string[], text: string) => [...previous, ...(text === '' ? [] : text.split(','))];
  return custom('strings', usage, set, {...options, initial: options.initial ?? []});
}

/** `KEY=VALUE` pairs; a text without `=` gives an empty value. */
export function map(
  usage: string,
  options: FlagOptions<Record<string, string>> & {check?: (text: string) => string} = {},
): FlagSpec<Record<string, string>> {
  const set = (previous: Record<string, string>, text: string) => {
    const [key, value] = splitPair(options.check ? options.check(text) : text);
    return {...previous, [key]: value};
  };
  return custom('map', usage, set, {shown: 'map[]', ...options, initial: options.initial ?? {}});
}

/** `key=value` conditions for a list; several values of a key are alternatives. */
export type Filters = Record<string, Record<string, true>>;

export function filter(usage: string, options: FlagOptions<Filters> = {}): FlagSpec<Filters> {
  const set = (previous: Filters, text: string) => {
    const at = text.indexOf('=');
    if (at < 0) throw new Error('bad format of filter (expected name=value)');
    const key = text.slice(0, at).trim().toLowerCase();
    const value = text.slice(at + 1).trim();
    return {...previous, [key]: {...previous[key], [value]: true as const}};
  };
  return custom('filter', usage, set, {...options, initial: options.initial ?? {}});
}

/** A flag that needs an engine of at least this API version. */
export function since<T>(version: string, spec: FlagSpec<T>): FlagSpec<T> {
  return {...spec, since: version};
}

export const flag = {bool, string, int, uint16, bytes, duration, list, strings, map, filter, custom};

/** `KEY=VALUE` as a pair; without `=` the value is empty. */
export function splitPair(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function parseBool(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw new Error(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function parseInteger(text: string): number {
  if (!/^[-+]?(0x[0-9a-f]+|\d+)$/i.test(text))
    throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = Number(text.replace('+', '').replace(/^-0x/i, '0x')) * (/^-0x/i.test(text) ? -1 : 1);
  if (!Number.isSafeInteger(value))
    throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  return value;
}

function parseUint16(text: string): number {
  const quoted = JSON.stringify(text);
  if (!/^\d+$/.test(text)) throw new Error(`strconv.ParseUint: parsing ${quoted}: invalid syntax`);
  if (Number(text) > 65535) throw new Error(`strconv.ParseUint: parsing ${quoted}: value out of range`);
  return Number(text);
}

/** What oclif calls a command class, narrowed to our flags. */
export type CommandClass = typeof Command & {flags: FlagSpecs};
