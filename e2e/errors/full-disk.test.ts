/** A full disk under the content store: a clear error, nothing half shown as whole, and all is well with room again. */

import {busyboxArchive} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';

test('docker load on a full disk fails clearly and leaves nothing over', async t => {
  const engine = await openEngine(t, {busybox: false});
  const content = `${engine.paths.dataRoot}/containerd/daemon/io.containerd.content.v1.content`;
  // Inside the engine's mount namespace only; containerd is restarted so that it sees the small disk from its start.
  await engine.dockerd.stop();
  t.is((await engine.run(['mkdir', '-p', content])).exitCode, 0);
  t.is((await engine.run(['mount', '-t', 'tmpfs', '-o', 'size=512k', 'small', content])).exitCode, 0);
  await engine.dockerd.start();
  const body = await busyboxArchive();
  const load = () =>
    engine.api.send<unknown>('/images/load?quiet=1', {
      method: 'POST',
      body,
      headers: {'Content-Type': 'application/x-tar'},
    });
  const full = await load();
  t.regex(JSON.stringify(full.body), /no space left on device/i);
  t.deepEqual(await engine.api.get('/images/json'), []);
  const left = await engine.run(['find', content, '-type', 'f', '-size', '+100k']);
  t.is(left.stdout, '', 'no blob or ingest of the failed load');
  t.is((await engine.run(['mount', '-o', 'remount,size=64m', content])).exitCode, 0);
  t.is((await load()).status, 200);
  t.is((await engine.api.get<unknown[]>('/images/json')).length, 1);
  t.is(await engine.dockerOk('run', '--rm', 'busybox', 'echo', 'fine'), 'fine');
  await engine.dockerd.stop();
  t.is((await engine.run(['umount', content])).exitCode, 0);
  await engine.dockerd.start();
});
