/**
 * Shapes of JSON documents with Go's rules, since clients were written against a Go decoder: keys match in any case,
 * unknown keys are skipped, null and absent are the zero value, a wrong type is an error with Go's words. One table
 * gives the decoder, the encoder (key order, `omitempty`) and the TypeScript type, so the three cannot drift apart.
 */
import {EngineError} from '@longshore/errdefs';

/** `path` is the field as Go names it in errors: `.HostConfig.Memory`. */
export interface Shape<T> {
  /** Go's name of the type, for error messages. */
  readonly type: string;
  decode(value: unknown, path: string): T;
  /** The value for JSON.stringify. */
  encode(value: T): unknown;
  zero(): T;
  /** What `omitempty` leaves out. */
  isEmpty(value: T): boolean;
}

export type ShapeOf<S> = S extends Shape<infer T> ? T : never;

/** Throws `json: cannot unmarshal string into Go struct field .Tty of type bool`. */
export function wrongType(value: unknown, path: string, type: string): never {
  throw new EngineError(
    'invalid-argument',
    `json: cannot unmarshal ${goKind(value)} into ${place(path)} of type ${type}`,
  );
}

function place(path: string): string {
  return path === '' ? 'Go value' : `Go struct field ${path}`;
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'number' : `number ${value}`;
  return typeof value;
}

export const text: Shape<string> = {
  type: 'string',
  decode: (value, path) => (value == null ? '' : typeof value === 'string' ? value : wrongType(value, path, 'string')),
  encode: value => value,
  zero: () => '',
  isEmpty: value => value === '',
};

export const bool: Shape<boolean> = {
  type: 'bool',
  decode: (value, path) =>
    value == null ? false : typeof value === 'boolean' ? value : wrongType(value, path, 'bool'),
  encode: value => value,
  zero: () => false,
  isEmpty: value => !value,
};

/** An integer between the bounds; beyond 2^53 JSON text itself has lost precision, which is refused. */
function integer(type: string, min: number, max: number): Shape<number> {
  return {
    type,
    decode(value, path) {
      if (value == null) return 0;
      if (typeof value !== 'number') wrongType(value, path, type);
      if (!Number.isSafeInteger(value) || value < min || value > max) {
        const shown = Number.isInteger(value) ? `number ${BigInt(value)}` : `number ${value}`;
        throw new EngineError(
          'invalid-argument',
          `json: cannot unmarshal ${shown} into ${place(path)} of type ${type}`,
        );
      }
      return value;
    },
    encode: value => value,
    zero: () => 0,
    isEmpty: value => value === 0,
  };
}

export const int64 = integer('int64', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
export const int = integer('int', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
export const uint = integer('uint', 0, Number.MAX_SAFE_INTEGER);
export const uint16 = integer('uint16', 0, 65_535);
export const uint32 = integer('uint32', 0, 0xffff_ffff);

/** A Go slice: null until something is in it; an empty one stays empty. */
export function list<T>(item: Shape<T>): Shape<T[] | null> {
  const type = `[]${item.type}`;
  return {
    type,
    decode(value, path) {
      if (value == null) return null;
      return Array.isArray(value) ? value.map(each => item.decode(each, path)) : wrongType(value, path, type);
    },
    encode: value => value?.map(each => item.encode(each)) ?? null,
    zero: () => null,
    isEmpty: value => value === null || value.length === 0,
  };
}

/** Entrypoint and Cmd, which clients may also send as one string. */
export const textOrList: Shape<string[] | null> = {
  ...list(text),
  decode: (value, path) => (typeof value === 'string' ? [value] : list(text).decode(value, path)),
};

/** A Go map with string keys. */
export function map<T>(item: Shape<T>): Shape<Record<string, T> | null> {
  const type = `map[string]${item.type}`;
  return {
    type,
    decode(value, path) {
      if (value == null) return null;
      if (!isObject(value)) wrongType(value, path, type);
      const entries = Object.entries(value).map(([key, each]) => [key, item.decode(each, path)] as const);
      return nullProto(entries);
    },
    encode(value) {
      if (value === null) return null;
      const sorted = Object.keys(value).sort();
      return nullProto(sorted.map(key => [key, item.encode(value[key]!)] as const));
    },
    zero: () => null,
    isEmpty: value => value === null || Object.keys(value).length === 0,
  };
}

/** A Go pointer: null is "not given", which differs from the zero value. */
export function pointer<T>(item: Shape<T>): Shape<T | null> {
  return {
    type: item.type,
    decode: (value, path) => (value == null ? null : item.decode(value, path)),
    encode: value => (value === null ? null : item.encode(value)),
    zero: () => null,
    isEmpty: value => value === null,
  };
}

/** A set as Go writes one: `{"80/tcp": {}}`. */
export const emptyObject: Shape<Record<string, never>> = {
  type: 'struct {}',
  decode: (value, path) => (value == null || isObject(value) ? {} : wrongType(value, path, 'struct {}')),
  encode: () => ({}),
  zero: () => ({}),
  isEmpty: () => false,
};

type Fields = Record<string, Shape<unknown> | Omitted<unknown>>;
type Omitted<T> = {omitEmpty: Shape<T>};
type FieldType<F> = F extends Omitted<infer T> ? T : ShapeOf<F>;
export type StructOf<F> = {-readonly [K in keyof F]: FieldType<F[K]>};

/** Marks a field that is left out of the output when it is empty. */
export function omitEmpty<T>(shape: Shape<T>): Omitted<T> {
  return {omitEmpty: shape};
}

/** A Go struct. Keys are written in the order of the table. */
export function struct<const F extends Fields>(fields: F, type = 'struct'): Shape<StructOf<F>> {
  const table = Object.entries(fields).map(([name, field]) =>
    'omitEmpty' in field ? {name, shape: field.omitEmpty, omit: true} : {name, shape: field, omit: false},
  );
  const byLowerCase = new Map(table.map(each => [each.name.toLowerCase(), each]));
  const zero = () => Object.fromEntries(table.map(({name, shape}) => [name, shape.zero()])) as StructOf<F>;
  return {
    type,
    zero,
    isEmpty: () => false,
    decode(value, path) {
      if (value == null) return zero();
      if (!isObject(value)) wrongType(value, path, type);
      const result = zero() as Record<string, unknown>;
      for (const [key, each] of Object.entries(value)) {
        const field = byLowerCase.get(key.toLowerCase());
        if (field) result[field.name] = field.shape.decode(each, `${path}.${field.name}`);
      }
      return result as StructOf<F>;
    },
    encode(value) {
      const source = value as Record<string, unknown>;
      const kept = table.filter(({name, shape, omit}) => !(omit && shape.isEmpty(source[name])));
      return Object.fromEntries(kept.map(({name, shape}) => [name, shape.encode(source[name])]));
    },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Keys come from users: `__proto__` must be a key like any other. */
function nullProto<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const result: Record<string, T> = Object.create(null);
  for (const [key, value] of entries) result[key] = value;
  return result;
}
