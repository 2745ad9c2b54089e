/** Registries that only a proxy leads to. */
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Engine, poll} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';
import {startRegistry} from '../harness/registry.ts';

const script = join(import.meta.dirname, 'forward-proxy.testing.ts');
/** Names that nothing resolves. */
const host = 'registry.test:5000';
const proxy = 'http://user:secret@127.0.0.1:3128';

async function startProxy(e: Engine) {
  const record = join(e.paths.scratch, 'proxied');
  const running = await e.sandbox.spawn([process.execPath, script, '3128', '5000', record], {
    env: {},
    log: `${record}.log`,
  });
  const seen = () => (existsSync(record) ? readFileSync(record, 'utf8') : '');
  await poll(() => seen().startsWith('listening'), {what: 'the proxy to listen'});
  return {seen, stop: () => e.sandbox.kill(running.pid)};
}

test('push and pull by dockerd and its containerd go through the proxy, but for the exceptions', async t => {
  const e = await openEngine(t, {
    dockerdArgs: ['--insecure-registry', host, '--insecure-registry', 'direct.test:5000'],
    config: {proxies: {'http-proxy': proxy, 'https-proxy': proxy, 'no-proxy': 'direct.test,10.0.0.0/8'}},
  });
  await startRegistry(e);
  const {stop, seen} = await startProxy(e);
  const masked = 'http://xxxxx:xxxxx@127.0.0.1:3128';
  t.like(JSON.parse(await e.dockerOk('info', '-f', '{{json .}}')), {
    HttpProxy: masked,
    HttpsProxy: masked,
    NoProxy: 'direct.test,10.0.0.0/8',
  });
  const name = `${host}/box:one`;
  await e.dockerOk('tag', 'busybox', name);
  await e.dockerOk('push', name);
  await e.dockerOk('rmi', name, 'busybox');
  t.regex(await e.dockerOk('pull', name), /Status: Downloaded newer image/);
  t.is(await e.dockerOk('run', '--rm', name, 'echo', 'pulled'), 'pulled');
  t.regex(seen(), /^CONNECT registry\.test:5000$/m, 'TLS is tried first');
  t.regex(seen(), /^PUT http:\/\/registry\.test:5000\/v2\/box\/manifests\/one$/m);
  t.regex(seen(), /^GET http:\/\/registry\.test:5000\/v2\/box\/blobs\/sha256:/m);
  const before = seen().length;
  t.not((await e.docker('pull', 'direct.test:5000/box:one')).exitCode, 0);
  t.is(seen().length, before, 'an exception is not asked for');
  const fetched = await e.ctr('images', 'pull', '--plain-http', name);
  t.is(fetched.exitCode, 0, fetched.stderr);
  t.regex(seen().slice(before), /^(GET|HEAD) http:\/\/registry\.test:5000\/v2\/box\/manifests\//m);
  t.notRegex(seen(), /^407/m);
  await stop();
  const {processes} = await e.sandbox.survey();
  const registry = processes.find(p => p.command.startsWith('docker-registry'));
  if (registry) await e.sandbox.kill(registry.pid);
});
