/** JSON of documents whose counters may be beyond 2^53. */

/** The same document with every number possibly a bigint. */
export type Exact<T> = T extends number
  ? number | bigint
  : T extends (infer U)[]
    ? Exact<U>[]
    : T extends object
      ? {[K in keyof T]: Exact<T[K]>}
      : T;

/** Stands before the digits of a bigint until the text is complete; no name of a container or interface has it. */
const mark = '\u007f';

/** Writes bigints as plain numbers with all their digits. Texts of the document must not contain U+007F. */
export function exactJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? `${mark}${each}` : each));
  return text.replace(/"\u007f(\d+)"/g, '$1');
}
