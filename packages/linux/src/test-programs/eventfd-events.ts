/** Three additions to an eventfd, seen through libc's AIO thread. */
import {watchEventfd, writeFd} from '../index.ts';

const counts: number[] = [];
const watch = watchEventfd(count => {
  counts.push(Number(count));
  next();
});

const steps = [1, 5, 7];
function next(): void {
  const step = steps.shift();
  if (step !== undefined) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(step));
    writeFd(watch.fd, bytes);
    return;
  }
  watch[Symbol.dispose]();
  clearTimeout(deadline);
  setTimeout(() => process.stdout.write(JSON.stringify({counts}), () => process.exit(0)), 50);
}
const deadline = setTimeout(() => process.exit(1), 10_000);
next();
