import {EngineError} from '@longshore/errdefs';
import {parseNano} from '../core/time.ts';

/**
 * Nanoseconds out of `since` and `until`: unix seconds with an optional fraction, as clients send them (digits beyond the
 * ninth are dropped), or RFC 3339.
 * Undefined for the empty string. Throws Go's strconv error.
 */
export function parseTimestamp(text: string): bigint | undefined {
  if (text === '') return undefined;
  const parsed = parseNano(text);
  if (parsed !== undefined) return parsed;
  const dot = text.indexOf('.');
  if (dot < 0) return parseInteger(text) * nanosPerSecond;
  const fraction = text.slice(dot + 1);
  const seconds = parseInteger(text.slice(0, dot)) * nanosPerSecond;
  return seconds + (parseInteger(fraction) * nanosPerSecond) / 10n ** BigInt(fraction.length);
}

const nanosPerSecond = 1_000_000_000n;

/** As strconv.ParseInt. */
function parseInteger(text: string): bigint {
  const fail = (why: string) => new EngineError('unknown', `strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}`);
  if (!/^[+-]?\d+$/.test(text)) throw fail('invalid syntax');
  const value = BigInt(text.replace(/^\+/, ''));
  if (BigInt.asIntN(64, value) !== value) throw fail('value out of range');
  return value;
}
