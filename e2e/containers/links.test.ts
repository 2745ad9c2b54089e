/** `--link`: on the default bridge by environment and /etc/hosts, on other networks by the embedded name server. */
import {poll} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);
const docker = (...args: string[]) => engine().dockerOk(...args);
const linksOf = async (name: string) => JSON.parse(await docker('inspect', '-f', '{{json .HostConfig.Links}}', name));

test.serial('environment, hosts, names; a restart, a rename and rm --link are followed', async t => {
  await docker('run', '-d', '--name', 'db', '--expose', '80', '-e', 'FOO=bar', 'busybox', 'sleep', '600');
  await docker('run', '-d', '--name', 'web', '--link', 'db:my-db', 'busybox', 'sleep', '600');
  const address = await docker('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'db');
  const env = await docker('exec', 'web', 'env');
  for (const line of [`MY_DB_PORT=tcp://${address}:80`, 'MY_DB_NAME=/web/my-db', 'MY_DB_ENV_FOO=bar'])
    t.true(env.includes(line), line);
  t.regex(await docker('exec', 'web', 'cat', '/etc/hosts'), new RegExp(`^${address}\tmy-db [0-9a-f]{12} db$`, 'm'));
  t.regex(await docker('exec', 'web', 'ping', '-c1', 'my-db'), /1 packets received/);
  t.deepEqual(await linksOf('web'), ['/db:/web/my-db']);
  t.regex(await docker('ps', '--no-trunc', '--format', '{{.Names}}'), /db,web\/my-db/);

  // Another container takes the address meanwhile, so that the linked one gets a new one.
  await docker('stop', '-t', '0', 'db');
  await docker('run', '-d', '--name', 'thief', 'busybox', 'sleep', '600');
  await docker('start', 'db');
  t.regex(await docker('exec', 'web', 'ping', '-c1', 'my-db'), /1 packets received/);

  await docker('rename', 'db', 'base');
  t.deepEqual(await linksOf('web'), ['/base:/web/my-db']);
  await engine().dockerd.kill('SIGKILL');
  await engine().dockerd.start();
  t.deepEqual(await linksOf('web'), ['/base:/web/my-db']);

  await docker('rm', '--link', '/web/my-db');
  t.is(await linksOf('web'), null);
  t.notRegex(await docker('exec', 'web', 'cat', '/etc/hosts'), /my-db/);
});

test.serial('errors: no such container, one that does not run, no such link', async t => {
  const run = await engine().docker('run', '--link', 'nosuch', 'busybox', 'true');
  t.regex(run.stderr, /could not get container for nosuch: No such container: nosuch/);
  await docker('create', '--name', 'idle', 'busybox', 'true');
  const linked = await engine().docker('run', '--name', 'w2', '--link', 'idle:x', 'busybox', 'true');
  t.regex(linked.stderr, /Cannot link to a non running container: \/idle AS \/w2\/x/);
  t.regex((await engine().docker('rm', '--link', 'idle')).stderr, /cannot remove the default link name/);
});

test.serial('on a network of the user the alias is a name for this container alone', async t => {
  await docker('network', 'create', 'nn');
  await docker('run', '-d', '--name', 'one', '--network', 'nn', 'busybox', 'sleep', '600');
  const ping = ['busybox', 'ping', '-c1', 'alias'];
  t.regex(await docker('run', '--rm', '--network', 'nn', '--link', 'one:alias', ...ping), /1 packets received/);
  t.not((await engine().docker('run', '--rm', '--network', 'nn', ...ping)).exitCode, 0);
  await docker('rm', '-f', 'one');
  await docker('network', 'rm', 'nn');
});

test.serial('the network of the mode: as given, and the container stays off it when it was taken off', async t => {
  const id = await docker('network', 'create', 'other');
  await docker('create', '--name', 'by-id', '--network', id, 'busybox', 'ip', 'addr');
  t.is(await docker('inspect', '-f', '{{.HostConfig.NetworkMode}}', 'by-id'), id);
  await docker('create', '--name', 'moved', 'busybox', 'ip', 'addr');
  await docker('network', 'disconnect', 'bridge', 'moved');
  await docker('network', 'connect', 'other', 'moved');
  const addresses = await docker('start', '-a', 'moved');
  t.regex(addresses, /eth0/);
  t.notRegex(addresses, /eth1/);
  await docker('rm', 'by-id', 'moved');
  await docker('network', 'rm', 'other');
});

test.serial('where containers may not talk to each other a link opens the exposed ports', async t => {
  const closed = await openEngine(t, {config: {icc: false}});
  const web = ['busybox', 'sh', '-c', 'echo hello > /index.html; exec httpd -f -h /'];
  await closed.dockerOk('run', '-d', '--name', 'web', '--expose', '80', ...web);
  const address = await closed.dockerOk('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'web');
  const client = ['sh', '-c', `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${address} 80 | tail -1`];
  await closed.dockerOk('run', '-d', '--name', 'linked', '--link', 'web', 'busybox', 'sleep', '600');
  const asLinked = async () => (await closed.docker('exec', 'linked', ...client)).stdout;
  await poll(async () => (await asLinked()) === 'hello', {what: 'the answer of the linked container'});
  // Where bridges do not pass the packet filter nothing is closed to anybody.
  const isFiltered = (await closed.run(['cat', '/proc/sys/net/bridge/bridge-nf-call-iptables'])).stdout === '1';
  if (isFiltered) t.is((await closed.docker('run', '--rm', 'busybox', ...client)).stdout, '');
  await closed.dockerd.kill('SIGKILL');
  await closed.dockerd.start();
  t.is(await asLinked(), 'hello');
  await closed.dockerOk('rm', '-f', 'linked');
  const {stdout} = await closed.run(['iptables-save', '-t', 'filter']);
  t.notRegex(stdout, /--sport 80/);
});
