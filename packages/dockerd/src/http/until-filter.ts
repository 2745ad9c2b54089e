/** The `until` filter of prune requests: a point in time, or how long ago it is. */
import {EngineError} from '@longshore/errdefs';
import {nowNano} from '../core/events/event-bus.ts';
import {parseTimestamp} from './timestamp.ts';

const unitNano: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** `24h`, `1h30m`, unix seconds, RFC 3339, or a date with or without a time (UTC): nanoseconds since the epoch. */
export function parseUntil(text: string): bigint {
  const duration = parseDuration(text);
  if (duration !== undefined) return nowNano() - BigInt(Math.round(duration));
  if (/^\d{4}-\d\d-\d\d(T\d\d(:\d\d(:\d\d)?)?)?$/.test(text)) {
    return parseTimestamp(`${text}${'T00:00:00'.slice(text.length - 10)}Z`) ?? invalid(text);
  }
  return parseTimestamp(text) ?? invalid(text);
}

function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitNano[unit as string] as number), 0);
}

function invalid(text: string): never {
  throw new EngineError('invalid-argument', `invalid filter 'until=[${text}]'`);
}
