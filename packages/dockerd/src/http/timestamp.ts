import {EngineError} from '@longshore/errdefs';
import {parseNano} from '../core/time.ts';

/**
 * Nanoseconds out of `since` and `until`: unix seconds with an optional fraction, as clients send them, or RFC 3339.
 * Undefined for the empty string. Throws Go's strconv error.
 */
export function parseTimestamp(text: string): bigint | undefined {
  if (text === '') return undefined;
  const match = /^(-?\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (match) return BigInt(match[1] as string) * 1_000_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
  const parsed = parseNano(text);
  if (parsed !== undefined) return parsed;
  throw new EngineError('unknown', `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}
