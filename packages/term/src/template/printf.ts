/** fmt.Sprintf, Sprint and Sprintln for the values of a template. */
import {formatGeneral} from '../go-number.ts';
import {formatValue, hasTemplateFields, isMap, isNil, printValue, typeName} from './values.ts';

/** Verbs v s d q t x X o b c f g e T p %, with flags, width and precision. */
export function sprintf(format: string, args: readonly unknown[]): string {
  let next = 0;
  const text = format.replace(
    /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?(.)?/gsu,
    (match: string, flags: string, width?: string, precision?: string, verb?: string) => {
      if (verb === undefined) return '%!(NOVERB)';
      if (verb === '%') return '%';
      const wide = width === '*' ? Number(args[next++]) : width === undefined ? undefined : Number(width);
      const hasPrecision = match.includes('.');
      const exact = precision === '*' ? Number(args[next++]) : hasPrecision ? Number(precision ?? 0) : undefined;
      if (next >= args.length) return `%!${verb}(MISSING)`;
      return pad(formatVerb(verb, args[next++], flags, exact), flags, wide);
    },
  );
  if (next >= args.length) return text;
  const extra = args.slice(next).map(arg => (isNil(arg) ? '<nil>' : `${typeName(arg)}=${formatValue(arg)}`));
  return `${text}%!(EXTRA ${extra.join(', ')})`;
}

/** Arguments side by side, with a space between two that are no strings. */
export function sprint(args: readonly unknown[]): string {
  let text = '';
  args.forEach((arg, i) => {
    if (i > 0 && typeof arg !== 'string' && typeof args[i - 1] !== 'string') text += ' ';
    text += printValue(arg);
  });
  return text;
}

export function sprintln(args: readonly unknown[]): string {
  return `${args.map(printValue).join(' ')}\n`;
}

function formatVerb(verb: string, value: unknown, flags: string, precision: number | undefined): string {
  if (verb === 'T') return typeName(value);
  if (verb === 'v') return formatValue(value);
  if (Array.isArray(value)) return `[${value.map(item => formatVerb(verb, item, flags, precision)).join(' ')}]`;
  if (isMap(value) || hasTemplateFields(value)) {
    return isMap(value) && 'sqxX'.includes(verb) ? formatMap(verb, value, flags, precision) : bad(verb, value);
  }
  if (typeof value === 'string') return formatString(verb, value, flags, precision);
  if (typeof value === 'boolean') return verb === 't' ? String(value) : bad(verb, value);
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value) && !'feEgG'.includes(verb))) {
    return formatInteger(verb, value, flags);
  }
  return typeof value === 'number' ? formatReal(verb, value, flags, precision) : bad(verb, value);
}

function formatMap(verb: string, value: Record<string, unknown>, flags: string, precision: number | undefined): string {
  const keys = Object.keys(value).sort();
  const show = (item: unknown) => formatVerb(verb, item, flags, precision);
  return `map[${keys.map(key => `${show(key)}:${show(value[key])}`).join(' ')}]`;
}

function formatString(verb: string, value: string, flags: string, precision: number | undefined): string {
  const text = precision === undefined ? value : [...value].slice(0, precision).join('');
  if (verb === 's') return text;
  if (verb === 'q') return flags.includes('#') && !text.includes('`') ? `\`${text}\`` : JSON.stringify(text);
  const hex = Buffer.from(text).toString('hex');
  if (verb === 'x') return hex;
  return verb === 'X' ? hex.toUpperCase() : bad(verb, value);
}

function formatInteger(verb: string, value: number | bigint, flags: string): string {
  const sign = flags.includes('+') && value >= 0 ? '+' : '';
  if (verb === 'd') return sign + value.toString();
  if (verb === 'x') return (flags.includes('#') ? '0x' : '') + value.toString(16);
  if (verb === 'X') return value.toString(16).toUpperCase();
  if (verb === 'o') return value.toString(8);
  if (verb === 'b') return value.toString(2);
  if (verb === 'c') return String.fromCodePoint(Number(value));
  return verb === 'q' ? `'${String.fromCodePoint(Number(value))}'` : bad(verb, value);
}

function formatReal(verb: string, value: number, flags: string, precision: number | undefined): string {
  const sign = flags.includes('+') && value >= 0 ? '+' : '';
  if (verb === 'f' || verb === 'F') return sign + value.toFixed(precision ?? 6);
  if (verb === 'g' || verb === 'G')
    return sign + (precision === undefined ? formatValue(value) : formatGeneral(value, precision || 1));
  if (verb === 'e') return sign + value.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, 'e$10$2');
  return bad(verb, value);
}

function bad(verb: string, value: unknown): string {
  return isNil(value) ? `%!${verb}(<nil>)` : `%!${verb}(${typeName(value)}=${formatValue(value)})`;
}

function pad(text: string, flags: string, width: number | undefined): string {
  if (width === undefined) return text;
  const missing = Math.max(0, Math.abs(width) - [...text].length);
  if (flags.includes('-') || width < 0) return text + ' '.repeat(missing);
  if (!flags.includes('0')) return ' '.repeat(missing) + text;
  const sign = /^[+-]/.test(text) ? text[0]! : '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}
