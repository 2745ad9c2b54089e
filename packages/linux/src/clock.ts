import {bind, type Pointer} from './libc.ts';

const clockGettime = bind<[clock: number, time: Pointer]>('clock_gettime', 'int', 'int', 'void *');
const CLOCK_MONOTONIC = 1;

/**
 * Microseconds of CLOCK_MONOTONIC, the clock that systemd compares with; `process.hrtime` counts from the start of the
 * process in some runtimes.
 */
export function monotonicMicroseconds(): bigint {
  const time = new BigInt64Array(2);
  clockGettime(CLOCK_MONOTONIC, new Uint8Array(time.buffer)); // cannot fail for this clock
  return (time[0] as bigint) * 1_000_000n + (time[1] as bigint) / 1000n;
}
