import type {Timestamp} from '@longshore/api/gen/google/protobuf/timestamp';

/** Go's zero time.Time, which containerd's shim sends for "not yet". */
const zeroTime: Timestamp = {seconds: -62135596800n, nanos: 0};

export function timestamp(date: Date | undefined): Timestamp {
  if (!date) return zeroTime;
  const milliseconds = date.getTime();
  const seconds = Math.floor(milliseconds / 1000);
  return {seconds: BigInt(seconds), nanos: Math.round((milliseconds - seconds * 1000) * 1e6)};
}
