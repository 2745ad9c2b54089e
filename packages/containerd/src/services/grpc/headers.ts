/** The headers of gRPC over HTTP/2. */
import {Buffer} from 'node:buffer';
import {encodeHeaderBlock} from '../http2/header-encoder.ts';
import type {Header} from '../http2/header-table.ts';

const start: readonly Header[] = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
];

export const startBlock = encodeHeaderBlock(start);
const okBlock = encodeHeaderBlock([['grpc-status', '0']]);

/** Trailers, or with `isAlone` the only headers of an answer without messages. */
export function statusBlock(code: number, message: string, isAlone: boolean): Buffer {
  if (code === 0 && !isAlone) return okBlock;
  const text: Header[] = message === '' ? [] : [['grpc-message', percentEncode(message)]];
  return encodeHeaderBlock([...(isAlone ? start : []), ['grpc-status', String(code)], ...text]);
}

/** The answer to a request that is none of gRPC's. */
export function refusalBlock(httpStatus: number): Buffer {
  return encodeHeaderBlock([[':status', String(httpStatus)]]);
}

/** What is not printable, and the percent sign. */
function percentEncode(text: string): string {
  let out = '';
  for (const byte of Buffer.from(text)) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    out += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

const unitMs: Record<string, number> = {H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001};

/** Milliseconds of a `grpc-timeout`; undefined when it is none. */
export function parseTimeout(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (unitMs[unit] as number);
}
