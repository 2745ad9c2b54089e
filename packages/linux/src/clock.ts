import {bind, type Pointer} from './libc.ts';

const clockGettime = bind<[clock: number, time: Pointer]>('clock_gettime', 'int', 'int', 'void *');
const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const time = new BigInt64Array(2);
const timeBytes = new Uint8Array(time.buffer);

/**
 * Microseconds of CLOCK_MONOTONIC, the clock that systemd compares with; `process.hrtime` counts from the start of the
 * process in some runtimes.
 */
export function monotonicMicroseconds(): bigint {
  clockGettime(CLOCK_MONOTONIC, timeBytes); // cannot fail for this clock
  return (time[0] as bigint) * 1_000_000n + (time[1] as bigint) / 1000n;
}

/** Nanoseconds since 1970; `Date` knows milliseconds. */
export function realTime(): bigint {
  clockGettime(CLOCK_REALTIME, timeBytes); // nor for this one
  return (time[0] as bigint) * 1_000_000_000n + (time[1] as bigint);
}
