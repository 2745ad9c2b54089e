import type {Timestamp} from '@longshore/api/gen/google/protobuf/timestamp';

/** Go's zero time.Time, which containerd's shim sends for "not yet". */
const zeroTime: Timestamp = {seconds: -62135596800n, nanos: 0};

/** `nanoseconds` since 1970. */
export function timestamp(nanoseconds: bigint | undefined): Timestamp {
  if (nanoseconds === undefined) return zeroTime;
  return {seconds: nanoseconds / 1_000_000_000n, nanos: Number(nanoseconds % 1_000_000_000n)};
}
