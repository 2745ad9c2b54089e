/** Paths and queries, escaped as Go's net/url does, because daemons and proxies log and match them. */

export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

/** `?a=1&b=x`, keys sorted; `true` becomes `1`; undefined and false are left out. */
export function encodeQuery(query: Query = {}): string {
  const parts: string[] = [];
  for (const key of Object.keys(query).sort()) {
    const value = query[key];
    if (value === undefined || value === false) continue;
    const values = Array.isArray(value) ? value : [value === true ? '1' : String(value)];
    for (const item of values) parts.push(`${escapeQuery(key)}=${escapeQuery(item)}`);
  }
  return parts.length > 0 ? `?${parts.join('&')}` : '';
}

/** A path segment that may hold slashes (`127.0.0.1:5000/name`). */
export function escapePath(text: string): string {
  return text.replace(/[^A-Za-z0-9\-_.~/:@!$&'()*+,;=]/gu, percent);
}

function escapeQuery(text: string): string {
  return text.replace(/[^A-Za-z0-9\-_.~]/gu, c => (c === ' ' ? '+' : percent(c)));
}

function percent(character: string): string {
  return [...Buffer.from(character)].map(byte => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
