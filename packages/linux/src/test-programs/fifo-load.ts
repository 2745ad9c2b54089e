/** 63 idle FIFOs and one with a lot of data: every byte must arrive in order, and idling must cost nothing. */
import {createHash} from 'node:crypto';
import {
  AT_FDCWD,
  mkfifo,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  openAt,
  openPipeReader,
  spawnProcess,
  writeFd,
} from '../index.ts';

const [dir = '', megabytes = '1'] = process.argv.slice(2);
const hash = createHash('sha256');
const writers: number[] = [];
let small = 0;
let bytes = 0;
const ended = Promise.withResolvers<void>();

for (let i = 0; i < 64; i++) {
  const path = `${dir}/${i}`;
  mkfifo(path);
  const fd = openAt(AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
  if (i > 0) writers.push(openAt(AT_FDCWD, path, O_RDWR));
  const onData = (chunk: Buffer) => {
    if (i > 0) {
      small += chunk.length;
      return;
    }
    bytes += chunk.length;
    hash.update(chunk);
  };
  openPipeReader(fd, {onData, onEnd: () => i === 0 && ended.resolve()});
}

// A sequence in which any loss, doubling or swap changes the hash.
const script = `seq 1 100000000 | head -c ${Number(megabytes) * 1024 * 1024} > ${dir}/0`;
const child = spawnProcess({
  path: '/bin/sh',
  argv: ['sh', '-c', script],
  env: {PATH: process.env.PATH},
  fds: [-1, 2, 2],
});
for (const fd of writers) writeFd(fd, Buffer.from('hello'));
await ended.promise;

const before = process.cpuUsage();
await new Promise(resolve => setTimeout(resolve, 1000));
const idle = process.cpuUsage(before);
const result = {bytes, small, hash: hash.digest('hex'), idleMicroseconds: idle.user + idle.system, started: child > 0};
process.stdout.write(JSON.stringify(result), () => process.exit(0));
