/** How a value of each kind is read from a flag and from daemon.json, and shown in messages. */
import {EngineError} from '@longshore/errdefs';
import {isAddress} from './value-checks.ts';
import {parseBytes, parseUlimit} from './values.ts';

export interface RuntimeConfig {
  path: string;
  runtimeArgs: string[];
  runtimeType: string;
  options: Record<string, unknown>;
}

/** Its garbage collection has nothing to collect as long as there is no build cache; anything else is refused. */
export interface BuilderConfig {
  gc: Record<string, unknown>;
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
  /** IP addresses. */
  addresses: string[];
  features: Record<string, boolean>;
  builder: BuilderConfig;
  map: Record<string, string>;
  runtimes: Record<string, RuntimeConfig>;
  ulimits: Record<string, UlimitConfig>;
  networkOptions: Record<string, Record<string, string>>;
  addressPools: {base: string; size: number}[];
}

/** A value of daemon.json has another JSON type than its key; config.ts knows the key. */
export class TypeMismatch extends Error {
  readonly given: string;
  readonly goType: string;

  constructor(value: unknown, goType: string) {
    const given = jsonType(value);
    super(`cannot unmarshal ${given} into type ${goType}`);
    this.given = given;
    this.goType = goType;
  }
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
  fromFile: value => (typeof value === 'string' ? value : wrong(value, 'string')),
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
  fromFile: value => (typeof value === 'boolean' ? value : wrong(value, 'bool')),
  show: String,
};

const choice: Kind<boolean | undefined> = {...bool, zero: () => undefined};

const int: Kind<number> = {
  placeholder: 'int',
  zero: () => 0,
  fromFlag(value) {
    const number = /^([+-]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]*|0[bB][01]+|[1-9]\d*)$/.exec(value);
    if (!number) throw badNumber(value, 'invalid syntax');
    const digits = (number[2] as string).replace(/^0(?=[0-7])/, '0o');
    const parsed = Number(digits) * (number[1] === '-' ? -1 : 1);
    if (!Number.isSafeInteger(parsed)) throw badNumber(value, 'value out of range');
    return parsed;
  },
  fromFile: value => (Number.isSafeInteger(value) ? (value as number) : wrong(value, 'int')),
  show: String,
};

const bytes: Kind<number> = {
  placeholder: 'bytes',
  zero: () => 0,
  fromFlag: parseBytes,
  fromFile: value => parseBytes(typeof value === 'number' ? String(value) : text.fromFile(value)),
  show: String,
};

const list: Kind<string[]> = {
  placeholder: 'list',
  zero: () => [],
  fromFlag: (value, before = []) => [...before, value],
  fromFile: value => (Array.isArray(value) ? value.map(text.fromFile) : wrong(value, '[]string')),
  show: value => `[${value.join(' ')}]`,
};

const addresses: Kind<string[]> = {
  placeholder: 'ipSlice',
  zero: () => [],
  fromFlag(value, before = []) {
    const given = value.split(',').map(each => each.trim());
    const bad = given.find(each => !isAddress(each));
    if (bad !== undefined) {
      throw new EngineError('invalid-argument', `invalid string being converted to IP address: ${bad}`);
    }
    return [...before, ...given];
  },
  fromFile(value) {
    const given = list.fromFile(value);
    const bad = given.find(each => !isAddress(each));
    if (bad !== undefined) throw new EngineError('invalid-argument', `invalid IP address: ${bad}`);
    return given;
  },
  show: value => `[${value.join(' ')}]`,
};

const features: Kind<Record<string, boolean>> = {
  placeholder: 'map',
  zero: () => ({}),
  fromFlag(value, before = {}) {
    const [name = '', given = 'true'] = value.split('=', 2);
    return {...before, [name]: bool.fromFlag(given, undefined)};
  },
  fromFile: value => Object.fromEntries(entriesOf(value).map(([name, each]) => [name, bool.fromFile(each)])),
  show: value => showMap(Object.fromEntries(Object.entries(value).map(([name, each]) => [name, String(each)]))),
};

const builder: Kind<BuilderConfig> = {
  placeholder: '',
  zero: () => ({gc: {}}),
  fromFlag: () => ({gc: {}}),
  fromFile(value) {
    const {gc = {}, ...others} = Object.fromEntries(entriesOf(value));
    const [other] = Object.keys(others);
    if (other !== undefined) throw new EngineError('unimplemented', `builder.${other} is not supported yet`);
    const known = [
      'enabled',
      'defaultKeepStorage',
      'defaultReservedSpace',
      'defaultMaxUsedSpace',
      'defaultMinFreeSpace',
      'policy',
    ];
    const unknown = entriesOf(gc).find(([key]) => !known.includes(key));
    if (unknown) throw new EngineError('invalid-argument', `builder.gc: unknown key ${unknown[0]}`);
    return {gc: gc as Record<string, unknown>};
  },
  show: JSON.stringify,
};

const map: Kind<Record<string, string>> = {
  placeholder: 'map',
  zero: () => ({}),
  fromFlag(value, before = {}) {
    const [key, ...rest] = value.split('=');
    return {...before, [key as string]: rest.length > 0 ? rest.join('=') : 'true'};
  },
  fromFile: value => Object.fromEntries(entriesOf(value).map(([key, each]) => [key, text.fromFile(each)])),
  show: showMap,
};

const runtimes: Kind<Record<string, RuntimeConfig>> = {
  placeholder: 'runtime',
  zero: () => ({}),
  fromFlag(value, before = {}) {
    const [, name, path] = /^([^=]+)=(.+)$/.exec(value) ?? [];
    if (!name || !path) throw new EngineError('invalid-argument', `invalid runtime argument: ${value}`);
    if (name === 'runc') throw new EngineError('invalid-argument', `runtime name 'runc' is reserved`);
    if (name in before) throw new EngineError('invalid-argument', `runtime '${name}' was already defined`);
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
    return [...before, parseAddressPool(value)];
  },
  fromFile(value) {
    if (!Array.isArray(value)) wrong(value, '[]*ipamutils.NetworkToSplit');
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
  addresses,
  features,
  builder,
  map,
  runtimes,
  ulimits,
  networkOptions,
  addressPools,
};

function parseAddressPool(value: string): {base: string; size: number} {
  const pool = {base: '', size: 0};
  for (const part of value.split(',')) {
    const [, key, given = ''] = /^([^=]*)=(.*)$/s.exec(part) ?? [];
    if (key === undefined)
      throw new EngineError('invalid-argument', `invalid field '${part}' must be a key=value pair`);
    if (key === 'base') pool.base = given;
    else if (key !== 'size') throw new EngineError('invalid-argument', `unexpected key '${key}' in '${part}'`);
    else if (/^\d+$/.test(given)) pool.size = Number(given);
    else throw new EngineError('invalid-argument', `invalid size value: ${given} (must be integer)`);
  }
  if (pool.base === '' || pool.size === 0) {
    throw new EngineError('invalid-argument', `invalid value ${value}: expected base=CIDR,size=BITS`);
  }
  return pool;
}

function badNumber(value: string, why: string): EngineError {
  return new EngineError('invalid-argument', `strconv.ParseInt: parsing ${JSON.stringify(value)}: ${why}`);
}

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
  if (given.name !== undefined && given.name !== name) {
    throw new EngineError('invalid-argument', `ulimit ${name}: the name in it is ${JSON.stringify(given.name)}`);
  }
  return {soft: int.fromFile(given.soft), hard: int.fromFile(given.hard)};
}

function entriesOf(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) wrong(value, 'map[string]interface {}');
  return Object.entries(value);
}

function showMap(value: Record<string, string>): string {
  return `map[${Object.entries(value)
    .map(([key, each]) => `${key}:${each}`)
    .join(' ')}]`;
}

/** As Go's decoder names it. */
function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'number' : `number ${value}`;
  if (typeof value === 'boolean') return 'bool';
  return value === null ? 'null' : typeof value;
}

function wrong(value: unknown, goType: string): never {
  throw new TypeMismatch(value, goType);
}
