/** The shape of a JSON value: keys and types without values, so that answers of two engines can be compared. */

/** A type name, or the shapes inside; lists are as their first element, and `any` fits everything. */
export type Shape = string | {[key: string]: Shape} | [Shape];

/** Keys that are ids, names and the like are one key: `*`. */
const isVariable = (key: string): boolean => /^[0-9a-f]{12,}$|[/:]|^\d/.test(key);

export function shapeOf(value: unknown): Shape {
  if (value === null || value === undefined) return 'any';
  if (Array.isArray(value)) return value.length === 0 ? 'any' : [shapeOf([...value].sort(byName)[0])];
  if (typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [isVariable(key) ? '*' : key, shapeOf(inner)]));
}

/** Lists of the original are in no order: the first of them by name is compared. */
function byName(a: {Name?: unknown} | null, b: {Name?: unknown} | null): number {
  return String(a?.Name ?? '').localeCompare(String(b?.Name ?? ''));
}

/** What of `expected` the other lacks or has of another type, as paths: `HostConfig.Memory: number, not string`. */
export function lacking(expected: Shape, actual: Shape, at = ''): string[] {
  if (expected === 'any' || actual === 'any') return [];
  if (typeof expected === 'string' || typeof actual === 'string') {
    return expected === actual ? [] : [`${at}: ${nameOf(actual)}, not ${nameOf(expected)}`];
  }
  if (Array.isArray(expected) || Array.isArray(actual)) {
    if (!(Array.isArray(expected) && Array.isArray(actual)))
      return [`${at}: ${nameOf(actual)}, not ${nameOf(expected)}`];
    return lacking(expected[0], actual[0], `${at}[]`);
  }
  return Object.entries(expected).flatMap(([key, inner]) => {
    const path = at === '' ? key : `${at}.${key}`;
    return key in actual ? lacking(inner, actual[key] as Shape, path) : [`${path} is missing`];
  });
}

const nameOf = (shape: Shape): string => (typeof shape === 'string' ? shape : Array.isArray(shape) ? 'list' : 'object');
