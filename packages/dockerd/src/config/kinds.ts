/** How a value of each kind is read from a flag and from daemon.json, and shown in messages. */
import {EngineError} from '@longshore/errdefs';
import {parseBytes, parseUlimit} from './values.ts';

export interface RuntimeConfig {
  path: string;
  runtimeArgs: string[];
  runtimeType: string;
  options: Record<string, unknown>;
}

export interface UlimitConfig {
  soft: number;
  hard: number;
}

export interface KindTypes {
  text: string;
  bool: boolean;
  /** Undefined: not chosen, which is not the same as false. */
  choice: boolean | undefined;
  int: number;
  bytes: number;
  list: string[];
  map: Record<string, string>;
  runtimes: Record<string, RuntimeConfig>;
  ulimits: Record<string, UlimitConfig>;
  networkOptions: Record<string, Record<string, string>>;
  addressPools: {base: string; size: number}[];
}

export type KindName = keyof KindTypes;

export interface Kind<T> {
  /** The value's name in the help, where the option has no other. */
  placeholder: string;
  zero(): T;
  /** Reads one flag; `before` is what earlier ones of the same name gave. Throws what is wrong with `text`. */
  fromFlag(text: string, before: T | undefined): T;
  /** Reads a value of daemon.json. Throws what is wrong with it. */
  fromFile(value: unknown): T;
  show(value: T): string;
}

const text: Kind<string> = {
  placeholder: 'string',
  zero: () => '',
  fromFlag: value => value,
  fromFile: value => (typeof value === 'string' ? value : wrong(value, 'a string')),
  show: value => value,
};

const bool: Kind<boolean> = {
  placeholder: '',
  zero: () => false,
  fromFlag(value) {
    if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return true;
    if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value)) return false;
    throw new EngineError('invalid-argument', `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`);
  },
  fromFile: value => (typeof value === 'boolean' ? value : wrong(value, 'a boolean')),
  show: String,
};

const choice: Kind<boolean | undefined> = {...bool, zero: () => undefined};

const int: Kind<number> = {
  placeholder: 'int',
  zero: () => 0,
  fromFlag(value) {
    if (/^[+-]?\d{1,15}$/.test(value)) return Number(value);
    throw new EngineError('invalid-argument', `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  },
  fromFile: value => (Number.isSafeInteger(value) ? (value as number) : wrong(value, 'an integer')),
  show: String,
};

const bytes: Kind<number> = {
  placeholder: 'bytes',
  zero: () => 0,
  fromFlag: parseBytes,
  fromFile: value => (typeof value === 'string' ? parseBytes(value) : int.fromFile(value)),
  show: String,
};

const list: Kind<string[]> = {
  placeholder: 'list',
  zero: () => [],
  fromFlag: (value, before = []) => [...before, value],
  fromFile: value =>
    Array.isArray(value) && value.every(each => typeof each === 'string') ? value : wrong(value, 'a list of strings'),
  show: value => `[${value.join(' ')}]`,
};

const map: Kind<Record<string, string>> = {
  placeholder: 'map',
  zero: () => ({}),
  fromFlag(value, before = {}) {
    const [key, ...rest] = value.split('=');
    return {...before, [key as string]: rest.length > 0 ? rest.join('=') : 'true'};
  },
  fromFile: value => Object.fromEntries(entriesOf(value).map(([key, each]) => [key, scalar(each)])),
  show: showMap,
};

const runtimes: Kind<Record<string, RuntimeConfig>> = {
  placeholder: 'runtime',
  zero: () => ({}),
  fromFlag(value, before = {}) {
    const [, name, path] = /^([^=]+)=(.+)$/.exec(value) ?? [];
    if (!name || !path) throw new EngineError('invalid-argument', `invalid argument ${value}: expected NAME=PATH`);
    return {...before, [name]: {path, runtimeArgs: [], runtimeType: '', options: {}}};
  },
  fromFile: value => Object.fromEntries(entriesOf(value).map(([name, each]) => [name, parseRuntime(name, each)])),
  show: value => `[${Object.keys(value).join(' ')}]`,
};

const ulimits: Kind<Record<string, UlimitConfig>> = {
  placeholder: 'ulimit',
  zero: () => ({}),
  fromFlag(value, before = {}) {
    const {name, ...limit} = parseUlimit(value);
    return {...before, [name]: limit};
  },
  fromFile: value => Object.fromEntries(entriesOf(value).map(([name, each]) => [name, parseUlimitObject(name, each)])),
  show: value => `[${Object.entries(value).map(([name, {soft, hard}]) => `${name}=${soft}:${hard}`)}]`,
};

const networkOptions: Kind<Record<string, Record<string, string>>> = {
  placeholder: 'mapmap',
  zero: () => ({}),
  fromFlag(value, before = {}) {
    const [, network, key, option] = /^([^=]+)=([^=]+)=(.*)$/.exec(value) ?? [];
    if (!network || !key)
      throw new EngineError('invalid-argument', `invalid value ${value}: expected NETWORK=KEY=VALUE`);
    return {...before, [network]: {...before[network], [key]: option ?? ''}};
  },
  fromFile: value => Object.fromEntries(entriesOf(value).map(([name, each]) => [name, map.fromFile(each)])),
  show: value => showMap(Object.fromEntries(Object.entries(value).map(([name, each]) => [name, showMap(each)]))),
};

const addressPools: Kind<{base: string; size: number}[]> = {
  placeholder: 'pool-options',
  zero: () => [],
  fromFlag(value, before = []) {
    const pairs = Object.fromEntries(value.split(',').map(part => part.split('=', 2)));
    if (!pairs.base || !/^\d+$/.test(pairs.size ?? '')) wrong(value, 'base=CIDR,size=BITS');
    return [...before, {base: pairs.base, size: Number(pairs.size)}];
  },
  fromFile(value) {
    if (!Array.isArray(value)) wrong(value, 'a list of {base, size}');
    return value.map(each => ({base: text.fromFile(each?.base), size: int.fromFile(each?.size)}));
  },
  show: value => `[${value.map(({base, size}) => `{${base} ${size}}`).join(' ')}]`,
};

export const kinds: {[K in KindName]: Kind<KindTypes[K]>} = {
  text,
  bool,
  choice,
  int,
  bytes,
  list,
  map,
  runtimes,
  ulimits,
  networkOptions,
  addressPools,
};

function parseRuntime(name: string, value: unknown): RuntimeConfig {
  const known = ['path', 'runtimeArgs', 'runtimeType', 'options'];
  const entries = entriesOf(value);
  const unknown = entries.find(([key]) => !known.includes(key));
  if (unknown) throw new EngineError('invalid-argument', `runtime ${name}: unknown key ${unknown[0]}`);
  const given = Object.fromEntries(entries);
  return {
    path: text.fromFile(given.path ?? ''),
    runtimeArgs: list.fromFile(given.runtimeArgs ?? []),
    runtimeType: text.fromFile(given.runtimeType ?? ''),
    options: Object.fromEntries(entriesOf(given.options ?? {})),
  };
}

function parseUlimitObject(name: string, value: unknown): UlimitConfig {
  const given = Object.fromEntries(entriesOf(value).map(([key, each]) => [key.toLowerCase(), each]));
  if (given.name !== undefined && given.name !== name) wrong(given.name, `the name ${name}`);
  return {soft: int.fromFile(given.soft), hard: int.fromFile(given.hard)};
}

function entriesOf(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) wrong(value, 'an object');
  return Object.entries(value);
}

function scalar(value: unknown): string {
  if (['string', 'boolean', 'number'].includes(typeof value)) return String(value);
  return wrong(value, 'a string, number or boolean');
}

function showMap(value: Record<string, string>): string {
  return `map[${Object.entries(value)
    .map(([key, each]) => `${key}:${each}`)
    .join(' ')}]`;
}

function wrong(value: unknown, expected: string): never {
  throw new EngineError('invalid-argument', `invalid value ${JSON.stringify(value)}: expected ${expected}`);
}
