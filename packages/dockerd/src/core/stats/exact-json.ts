/** JSON of documents whose counters may be beyond 2^53. */

/** The same document with every number possibly a bigint. */
export type Exact<T> = T extends number
  ? number | bigint
  : T extends (infer U)[]
    ? Exact<U>[]
    : T extends object
      ? {[K in keyof T]: Exact<T[K]>}
      : T;

/** Stands before the digits of a large number until the text is complete; no name of a container or interface has it. */
const mark = '\u007f';

/** Writes bigints as plain numbers with all their digits. Texts of the document must not contain U+007F. */
export function exactJson(value: unknown): string {
  return JSON.stringify(withoutBigints(value)).replace(/"\u007f(\d+)"/g, '$1');
}

/** Beforehand: a replacer function would make JSON.stringify several times as slow. */
function withoutBigints(value: unknown): unknown {
  if (typeof value === 'bigint') return value <= Number.MAX_SAFE_INTEGER ? Number(value) : `${mark}${value}`;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutBigints);
  const copy: Record<string, unknown> = {};
  for (const key in value) copy[key] = withoutBigints((value as Record<string, unknown>)[key]);
  return copy;
}
