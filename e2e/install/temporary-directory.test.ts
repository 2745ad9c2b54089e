/** Executables start where what they unpack first cannot be written, or not be loaded. */

import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import {longshoreExecutables} from '@longshore/testing';
import test, {type ExecutionContext} from 'ava';

/** A proxy of a port that the kernel chooses says on descriptor 3 that it serves: it needs system calls for that. */
async function startsIn(t: ExecutionContext, prepare: string): Promise<void> {
  const arguments_ = '-proto tcp -host-ip 127.0.0.1 -host-port 0 -container-ip 127.0.0.1 -container-port 9';
  const script = `ip link set lo up; ${prepare}; exec "$0" ${arguments_}`;
  const proxy = spawn('unshare', ['-mn', 'sh', '-ec', script, join(longshoreExecutables().path, 'docker-proxy')], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  const status = proxy.stdio[3] as NodeJS.ReadableStream;
  const [said] = (await once(status, 'data')) as [Buffer];
  t.is(said.toString(), '0\n');
  proxy.kill('SIGKILL');
  await once(proxy, 'exit');
}

test('a directory that is not there', async t => {
  await startsIn(t, 'export TMPDIR=/nonexistent');
});

test('a directory from which nothing may be executed', async t => {
  await startsIn(t, 'mount -t tmpfs -o noexec tmpfs /mnt; export TMPDIR=/mnt');
});
