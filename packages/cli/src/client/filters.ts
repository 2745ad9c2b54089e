import type {Filters} from '../command/flags.ts';

/** The `filters` parameter of the API: keys and values sorted, as Go writes maps; undefined when there is none. */
export function encodeFilters(filter: Filters): string | undefined {
  const keys = Object.keys(filter).sort();
  if (keys.length === 0) return undefined;
  const sorted = keys.map(key => [
    key,
    Object.fromEntries(
      Object.keys(filter[key]!)
        .sort()
        .map(value => [value, true]),
    ),
  ]);
  return JSON.stringify(Object.fromEntries(sorted));
}
