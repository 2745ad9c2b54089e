import {EngineError} from '@longshore/errdefs';
import type {Query} from '../query.ts';

/** `h` and `w` of a resize. Throws `invalid resize height "x": invalid syntax`. */
export function parseSize(query: Query): {height: number; width: number} {
  return {height: parseOne(query.text('h'), 'height'), width: parseOne(query.text('w'), 'width')};
}

function parseOne(text: string, what: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) <= 0xffff_ffff) return Number(text);
  const why = /^\d+$/.test(text) ? 'value out of range' : 'invalid syntax';
  throw new EngineError('invalid-argument', `invalid resize ${what} ${JSON.stringify(text)}: ${why}`);
}
