import {EngineError} from '@longshore/errdefs';

/** The `filters` of a list request: each key with the values that were given; a match needs one value of every key. */
export class Filters {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: Iterable<readonly [string, readonly string[]]> = []) {
    this.#values = new Map(values);
  }

  get keys(): string[] {
    return [...this.#values.keys()];
  }

  has(key: string): boolean {
    return (this.#values.get(key)?.length ?? 0) > 0;
  }

  /** The values given for `key`, or none. */
  get(key: string): readonly string[] {
    return this.#values.get(key) ?? [];
  }

  /** Throws for a key that the operation does not know. */
  allow(...keys: string[]): void {
    const unknown = this.keys.find(key => !keys.includes(key));
    if (unknown !== undefined) throw invalidFilter(unknown);
  }

  /** True when the key was not given, or one of its values is exactly `value`. */
  matchExact(key: string, value: string): boolean {
    return !this.has(key) || this.get(key).includes(value);
  }

  /** True when the key was not given, or `value` starts with one of its values. */
  matchPrefix(key: string, value: string): boolean {
    return !this.has(key) || this.get(key).some(prefix => value.startsWith(prefix));
  }

  /** True when the key was not given, or one of its values, an exact text or a regular expression, is in `value`. */
  matchPattern(key: string, value: string): boolean {
    return !this.has(key) || this.get(key).some(pattern => pattern === value || asPattern(pattern)?.test(value));
  }

  /** For `label=NAME` and `label=NAME=VALUE`: every one that was given must hold. */
  matchLabels(key: string, labels: Record<string, string> | null): boolean {
    return this.get(key).every(wanted => {
      const [name, value] = splitPair(wanted);
      const actual = labels && Object.hasOwn(labels, name) ? labels[name] : undefined;
      return actual !== undefined && (value === undefined || actual === value);
    });
  }

  /** For `label!=NAME` and `label!=NAME=VALUE`: none of those that were given may hold. */
  hasNoLabels(key: string, labels: Record<string, string> | null): boolean {
    return !this.get(key).some(each => new Filters([[key, [each]]]).matchLabels(key, labels));
  }

  /** A filter that is true or false. Throws when it is neither, or both. */
  bool(key: string, missing: boolean): boolean {
    const values = new Set(this.get(key).map(value => parseBool(key, value)));
    if (values.size > 1) throw invalidFilter(`${key}=[${this.get(key).join(' ')}]`);
    return [...values][0] ?? missing;
  }
}

/** Reads the JSON of a `filters` parameter, today's form and the one from before API 1.22. Throws `invalid filter`. */
export function parseFilters(text: string): Filters {
  if (text === '') return new Filters();
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new EngineError('invalid-argument', 'invalid filter', {cause: error});
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new EngineError('invalid-argument', 'invalid filter');
  }
  return new Filters(Object.entries(parsed).map(([key, value]) => [key, valuesOf(value)] as const));
}

export function invalidFilter(what: string, why = ''): EngineError {
  return new EngineError('invalid-argument', `invalid filter '${what}'${why && `: ${why}`}`);
}

function valuesOf(value: unknown): string[] {
  if (Array.isArray(value) && value.every(each => typeof each === 'string')) return value;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, on]) => (on === true ? [key] : []));
  }
  throw new EngineError('invalid-argument', 'invalid filter');
}

function parseBool(key: string, value: string): boolean {
  if (['1', 'true', 'True', 'TRUE', 't', 'T'].includes(value)) return true;
  if (['0', 'false', 'False', 'FALSE', 'f', 'F'].includes(value)) return false;
  throw invalidFilter(`${key}=[${value}]`);
}

function asPattern(source: string): RegExp | undefined {
  try {
    return new RegExp(source);
  } catch {
    return undefined; // a text that is no regular expression only matches itself
  }
}

function splitPair(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
