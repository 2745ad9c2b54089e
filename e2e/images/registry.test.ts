/** Images in and out: a registry on loopback, archives, tags, removal. */
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {busyboxArchive, debianExecutables} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';
import {registryHost as host, startRegistry} from '../harness/registry.ts';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);

test('push and pull through a registry on loopback, by our client and by the original', async t => {
  const e = await openEngine(t);
  await startRegistry(e);
  const name = `${host}/box:one`;
  await e.dockerOk('tag', 'busybox', name);
  t.regex(await e.dockerOk('push', name), /one: digest: sha256:[0-9a-f]{64} size: \d+/);
  const other = `${host}/box:two`;
  await e.dockerOk('tag', 'busybox', other);
  await e.dockerOk('push', other);
  await e.dockerOk('rmi', name, other, 'busybox');
  t.is(await e.dockerOk('images', '-q'), '');
  const all = await e.dockerOk('pull', '-a', `${host}/box`);
  t.regex(all, /one: Pulling from box.*two: Pulling from box/s);
  t.deepEqual((await e.dockerOk('images', '--format', '{{.Tag}}')).split('\n').sort(), ['one', 'two']);
  await e.dockerOk('rmi', name, other);
  t.regex(await e.dockerOk('pull', name), /Status: Downloaded newer image for 127.0.0.1:5000\/box:one/);
  t.regex(await e.dockerOk('pull', name), /Status: Image is up to date/);
  t.is(await e.dockerOk('run', '--rm', name, 'echo', 'pulled'), 'pulled');
  // A missing image is pulled by run itself.
  await e.dockerOk('rmi', name);
  const original = await e.run([debianExecutables.docker, 'run', '--rm', name, 'echo', 'again']);
  t.deepEqual([original.exitCode, original.stdout], [0, 'again'], original.stderr);
  const missing = await e.docker('pull', `${host}/nothing:here`);
  t.is(missing.exitCode, 1);
  t.regex(missing.stderr, /not found|manifest unknown/);
  const {processes} = await e.sandbox.survey();
  const registry = processes.find(p => p.command.startsWith('docker-registry'));
  if (registry) await e.sandbox.kill(registry.pid);
});

test('load, images, inspect, tag, save, rmi', async t => {
  const e = engine();
  const archive = join(e.paths.scratch, 'second.tar');
  writeFileSync(archive, await busyboxArchive('second:v1'));
  t.is(await e.dockerOk('load', '-i', archive), 'Loaded image: second:v1');
  t.regex(await e.dockerOk('images', 'second'), /second\s+v1\s+[0-9a-f]{12}/);
  t.is(
    await e.dockerOk('image', 'inspect', '-f', '{{.Os}}/{{.Architecture}} {{json .Config.Cmd}}', 'second:v1'),
    `linux/${process.arch === 'x64' ? 'amd64' : process.arch} ["sh"]`,
  );
  await e.dockerOk('tag', 'second:v1', 'second:v2');
  const saved = join(e.paths.scratch, 'saved.tar');
  await e.dockerOk('save', '-o', saved, 'second:v2');
  t.regex(await e.dockerOk('rmi', 'second:v1', 'second:v2'), /Untagged: second:v1/);
  t.is(await e.dockerOk('images', '-q', 'second'), '');
  t.is(await e.dockerOk('load', '-q', '-i', saved), 'Loaded image: second:v2');
  t.is(await e.dockerOk('run', '--rm', 'second:v2', 'echo', 'saved'), 'saved');
  await e.dockerOk('rmi', 'second:v2');
});

test('ContainerConfig is there for clients that cannot do without', async t => {
  const {api} = engine();
  const ask = async (version: string, agent: string) => {
    const headers = {'User-Agent': agent};
    const {body} = await api.send<{ContainerConfig?: unknown}>(`/v${version}/images/busybox/json`, {headers});
    return body.ContainerConfig !== undefined;
  };
  t.true(await ask('1.51', 'docker-compose/1.29.2 docker-py/5.0.3 Linux/6.1'));
  t.true(await ask('1.41', 'any'));
  t.false(await ask('1.51', 'docker-compose/2.30.0'));
});

test('an image that a container uses is not removed', async t => {
  const e = engine();
  const id = await e.dockerOk('create', 'busybox');
  const refused = await e.docker('rmi', 'busybox');
  t.is(refused.exitCode, 1);
  t.regex(refused.stderr, /conflict: unable to (remove repository reference|delete)/i);
  await e.dockerOk('rm', id);
});

test('a damaged archive is refused and leaves nothing', async t => {
  const e = engine();
  for (const body of [Buffer.from('not a tar at all'), (await busyboxArchive('cut:short')).subarray(0, 100_000)]) {
    const answer = await e.api.send<unknown>('/images/load', {
      method: 'POST',
      body,
      headers: {'Content-Type': 'application/x-tar'},
    });
    t.true(answer.status >= 400 || /"error/.test(JSON.stringify(answer.body)), JSON.stringify(answer));
  }
  t.is(await e.dockerOk('images', '-q', 'cut'), '');
});
