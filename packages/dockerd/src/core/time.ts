/** Times as Go prints them: RFC 3339 in UTC with up to nine digits, trailing zeros cut. */

/** What Docker stores and shows for "never". */
export const zeroTime = '0001-01-01T00:00:00Z';

/** `2026-11-21T02:15:18.278523574Z`; digits that are zero at the end are left out. */
export function formatNano(nano: bigint): string {
  return withFraction(nano, digits => digits.replace(/0+$/, ''));
}

/** The same with all nine digits, as `docker logs --timestamps` prints it. */
export function formatNanoFixed(nano: bigint): string {
  return withFraction(nano, digits => digits);
}

/** Reads RFC 3339 with any number of fraction digits; undefined when it is something else. */
export function parseNano(text: string): bigint | undefined {
  const match = /^(\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (!match) return undefined;
  const seconds = Date.parse(`${match[1]}${match[3]}`);
  if (Number.isNaN(seconds)) return undefined;
  return BigInt(seconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0').slice(0, 9));
}

function withFraction(nano: bigint, cut: (digits: string) => string): string {
  const seconds = nano / 1_000_000_000n;
  const digits = cut((nano % 1_000_000_000n).toString().padStart(9, '0'));
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${digits && `.${digits}`}Z`;
}
