/** JSON as Go's encoding/json reads and writes it: 64-bit integers survive, and `<`, `>`, `&` may be escaped. */

/** Integers beyond 2^53 become bigints; everything else is as JSON.parse gives it. */
export function parseExactJson(text: string): unknown {
  // A run of 16 digits or more is needed for a number that a double cannot hold; most answers have none.
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, reviveInteger as (key: string, value: unknown) => unknown);
}

function reviveInteger(_key: string, value: unknown, context?: {source?: string}): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  return context?.source !== undefined && /^-?\d+$/.test(context.source) ? BigInt(context.source) : value;
}

export interface GoJsonOptions {
  /** Text of one indentation level; none gives one line. */
  indent?: string;
  /** Escapes `<`, `>` and `&` as Go does by default. */
  escapeHtml?: boolean;
  /** Sorts the keys of every object, as Go does for maps. */
  sortKeys?: boolean;
}

/** Encodes a value that came from JSON (or has bigints in it). */
export function goJson(value: unknown, options: GoJsonOptions = {}): string {
  return encode(value, options, options.indent === undefined ? undefined : '\n');
}

function encode(value: unknown, o: GoJsonOptions, newline: string | undefined): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string') return goString(value, o.escapeHtml ?? false);
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (value instanceof Date) return JSON.stringify(value);
  const isArray = Array.isArray(value);
  const inner = newline === undefined ? undefined : newline + o.indent;
  const parts = isArray ? value.map(item => encode(item, o, inner)) : encodeEntries(value, o, inner);
  const [open, close] = isArray ? '[]' : '{}';
  if (parts.length === 0 || inner === undefined) return `${open}${parts.join(',')}${close}`;
  return `${open}${inner}${parts.join(`,${inner}`)}${newline}${close}`;
}

function encodeEntries(value: object, o: GoJsonOptions, newline: string | undefined): string[] {
  const entries = Object.entries(value).filter(([, item]) => item !== undefined && typeof item !== 'function');
  if (o.sortKeys) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  const colon = newline === undefined ? ':' : ': ';
  return entries.map(([key, item]) => goString(key, o.escapeHtml ?? false) + colon + encode(item, o, newline));
}

const htmlEscapes: Record<string, string> = {'<': '\\u003c', '>': '\\u003e', '&': '\\u0026'};

function goString(text: string, escapeHtml: boolean): string {
  const json = JSON.stringify(text).replace(/[\u2028\u2029]/g, c => `\\u${c.charCodeAt(0).toString(16)}`);
  return escapeHtml ? json.replace(/[<>&]/g, c => htmlEscapes[c]!) : json;
}

const tokenPattern = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs;

/** JSON text without the space between its tokens, which stay byte for byte what they were. */
export function compactJson(text: string): string {
  return text.match(tokenPattern)?.join('') ?? '';
}

/**
 * Indents JSON text without decoding it, so numbers and escapes stay byte for byte what the server sent: what
 * `docker inspect` prints. Every line but the first begins with `prefix`.
 */
export function reindentJson(text: string, indent: string, prefix = ''): string {
  let out = '';
  let depth = 0;
  const newline = () => `\n${prefix}${indent.repeat(depth)}`;
  const tokens = text.match(tokenPattern) ?? [];
  tokens.forEach((token, i) => {
    const next = tokens[i + 1];
    if (token === '{' || token === '[') {
      depth++;
      out += next === '}' || next === ']' ? token : token + newline();
    } else if (token === '}' || token === ']') {
      depth--;
      const isEmpty = tokens[i - 1] === '{' || tokens[i - 1] === '[';
      out += isEmpty ? token : newline() + token;
    } else if (token === ',') out += token + newline();
    else out += token === ':' ? ': ' : token;
  });
  return out;
}
