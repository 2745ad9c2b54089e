/** google.protobuf.Timestamp to Date and back. A Date keeps milliseconds; `nanosOf` keeps them all. */

export interface WireTime {
  seconds: bigint;
  nanos: number;
}

/** Undefined, and Go's zero time (year 1), become undefined. */
export function toDate(time: WireTime | undefined): Date | undefined {
  if (!time || time.seconds <= goZeroSeconds) return undefined;
  return new Date(Number(time.seconds) * 1000 + Math.floor(time.nanos / 1e6));
}

export function fromDate(date: Date): WireTime {
  const seconds = Math.floor(date.getTime() / 1000);
  return {seconds: BigInt(seconds), nanos: Math.round((date.getTime() - seconds * 1000) * 1e6)};
}

/** Nanoseconds since 1970, for what is printed with nine digits. */
export function nanosOf(time: WireTime): bigint {
  return time.seconds * 1_000_000_000n + BigInt(time.nanos);
}

const goZeroSeconds = -62_135_596_800n;
