import {Buffer} from 'node:buffer';
import {EngineError} from '@longshore/errdefs';

/** A file name: text, or the raw bytes when they may not be UTF-8 (names inside image layers need not be). */
export type PathLike = string | Uint8Array;

/** NUL-terminated bytes of a string. Refuses an embedded NUL, at which C would silently cut the string off. */
export function cstr(value: PathLike): Buffer {
  if (typeof value === 'string') {
    if (value.includes('\0')) throw new EngineError('invalid-argument', `string contains a NUL byte: ${show(value)}`);
    return Buffer.from(`${value}\0`);
  }
  if (value.includes(0)) throw new EngineError('invalid-argument', `string contains a NUL byte: ${show(value)}`);
  const copy = Buffer.alloc(value.length + 1);
  copy.set(value);
  return copy;
}

/** NULL for undefined, else as `cstr`. */
export function cstrOrNull(value: PathLike | undefined): Buffer | null {
  return value === undefined ? null : cstr(value);
}

/** Text between the start of `buffer` and its first NUL (or its end). */
export function textUntilNul(buffer: Buffer, start = 0, end = buffer.length): string {
  const nul = buffer.indexOf(0, start);
  return buffer.toString('utf8', start, nul < 0 || nul > end ? end : nul);
}

/** For messages: the path as text, whatever its bytes. */
export function show(path: PathLike): string {
  return typeof path === 'string' ? path : Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString();
}
