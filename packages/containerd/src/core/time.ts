/** Points in time with nanoseconds, as every containerd message carries them; a Date would cut a shim's exit time. */
import {realTime} from '@longshore/linux';

export interface Timestamp {
  /** Seconds since 1970. */
  readonly seconds: bigint;
  /** 0 to 999999999. */
  readonly nanos: number;
}

/** The clock of the machine. */
export function now(): Timestamp {
  return fromNanoseconds(realTime());
}

export function fromNanoseconds(nanoseconds: bigint): Timestamp {
  return {seconds: nanoseconds / 1_000_000_000n, nanos: Number(nanoseconds % 1_000_000_000n)};
}

export function fromMilliseconds(milliseconds: number): Timestamp {
  const seconds = Math.floor(milliseconds / 1000);
  return {seconds: BigInt(seconds), nanos: Math.round((milliseconds - seconds * 1000) * 1e6)};
}

export function toMilliseconds(time: Timestamp): number {
  return Number(time.seconds) * 1000 + time.nanos / 1e6;
}

/** RFC 3339 in UTC without trailing zeros of the fraction, as Go writes times. */
export function formatTime(time: Timestamp): string {
  const whole = new Date(Number(time.seconds) * 1000).toISOString().slice(0, 19);
  const fraction = String(time.nanos).padStart(9, '0').replace(/0+$/, '');
  return `${whole}${fraction ? `.${fraction}` : ''}Z`;
}

const pattern = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)$/;

/** Reads RFC 3339 with up to nanoseconds; undefined when it is something else. */
export function parseTime(text: string): Timestamp | undefined {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const milliseconds = Date.parse(`${match[1]}T${match[2]}${match[4]?.toUpperCase()}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return {seconds: BigInt(milliseconds / 1000), nanos: Number((match[3] ?? '').padEnd(9, '0'))};
}

/** Negative when `a` is earlier. */
export function compareTime(a: Timestamp, b: Timestamp): number {
  return a.seconds === b.seconds ? a.nanos - b.nanos : a.seconds < b.seconds ? -1 : 1;
}
