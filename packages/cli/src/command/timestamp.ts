/** Times as `--since` and `--until` take them: a time, a Unix timestamp, or how long ago. */
import {tryParseDuration} from '@longshore/term';
import {CliError} from './errors.ts';

/** What the API takes: seconds since 1970, with nanoseconds where given. Undefined for an empty text. */
export function parseTimestamp(flag: string, text: string, now = Date.now()): string | undefined {
  if (text === '') return undefined;
  // Not "now", but the beginning of all time, as with the original.
  const duration = text === '0' ? undefined : tryParseDuration(text);
  if (duration !== undefined) return `${Math.trunc((now - duration / 1e6) / 1000)}`;
  const date = parseDate(text);
  if (date !== undefined) return date;
  if (/^\d+(\.\d+)?$/.test(text)) return text;
  const part = partOutOfRange(text);
  if (part)
    throw new CliError(`invalid value for "${flag}": parsing time ${JSON.stringify(text)}: ${part} out of range`);
  throw new CliError(`invalid value for "${flag}": failed to parse value as time or duration: ${JSON.stringify(text)}`);
}

const datePattern = /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?(Z|[+-]\d\d:\d\d)?$/;

/** RFC 3339, also shortened to the hour or the day; without a zone it is local time. */
function parseDate(text: string): string | undefined {
  const match = datePattern.exec(text);
  if (!match) return undefined;
  const [, day, hour = '00', minute = '00', second = '00', fraction = '', zone = ''] = match;
  const milliseconds = Date.parse(`${day}T${hour}:${minute}:${second}${zone}`);
  return Number.isNaN(milliseconds) ? undefined : `${milliseconds / 1000}.${fraction.padEnd(9, '0')}`;
}

/** Which part of something in the form of a date is no date, in Go's order. */
function partOutOfRange(text: string): string | undefined {
  const [, day, hour = '00', minute = '00', second = '00'] = datePattern.exec(text) ?? [];
  if (day === undefined) return undefined;
  const month = Number(day.slice(5, 7));
  if (month < 1 || month > 12) return 'month';
  if (Number(hour) > 23) return 'hour';
  if (Number(minute) > 59) return 'minute';
  return Number(second) > 59 ? 'second' : 'day';
}
