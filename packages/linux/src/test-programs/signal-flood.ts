/** Another process writes byte by byte, signals and ends, all while this one is busy. */
import {spawn} from 'node:child_process';
import {closeFd, openPipeReader, pipe} from '../index.ts';

const {read, write} = pipe();
const result = {bytes: 0, wakeSignals: false, userSignals: 0, childEnded: false};
let wakes = 0;
process.on('SIGURG', () => wakes++);
process.on('SIGUSR1', () => result.userSignals++);

const dd = 'sleep 0.3; dd if=/dev/zero bs=1 count=60000 status=none >&3; kill -USR1 $PPID';
const child = spawn('sh', ['-c', dd], {stdio: ['ignore', 2, 2, write]});
closeFd(write);
const over = Promise.withResolvers<void>();
const ended = Promise.withResolvers<void>();
child.on('exit', () => {
  result.childEnded = true;
  over.resolve();
});
openPipeReader(read, {
  onData: chunk => {
    result.bytes += chunk.length;
  },
  onEnd: ended.resolve,
});
setTimeout(() => {
  for (const until = performance.now() + 2000; performance.now() < until; );
  setTimeout(over.resolve, 2000);
}, 200);

await Promise.all([over.promise, ended.promise]);
await new Promise(resolve => setTimeout(resolve, 100));
result.wakeSignals = wakes > 0 && wakes < 100;
process.stdout.write(JSON.stringify(result), () => process.exit(0));
