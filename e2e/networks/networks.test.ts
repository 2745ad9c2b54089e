/** Networks of containers: default bridge, user-defined ones with names, published ports, over a crash of the daemon. */
import {poll} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);
const web = ['sh', '-c', 'echo hello > /index.html; exec httpd -f -p 80'];
/** Its own timeout makes this busybox fail at once. */
const wget = ['timeout', '3', '/bin/busybox', 'wget', '-qO-'];

test('a container on the default bridge has an address, a way out and its own hosts file', async t => {
  const e = engine();
  const seen = await e.dockerOk(
    'run',
    '--rm',
    '-h',
    'box',
    'busybox',
    'sh',
    '-c',
    'ip -4 addr show eth0; ip route; cat /etc/hosts',
  );
  t.regex(seen, /inet 172\.17\.0\.\d+\/16 brd 172\.17\.255\.255/);
  t.regex(seen, /default via 172\.17\.0\.1 dev eth0/);
  t.regex(seen, /172\.17\.0\.\d+\tbox$/m);
  t.regex(await e.dockerOk('run', '--rm', '--network', 'none', 'busybox', 'ip', 'link'), /^1: lo: <LOOPBACK,UP/);
  const own = await e.run(['hostname']);
  t.is(await e.dockerOk('run', '--rm', '--network', 'host', 'busybox', 'hostname'), own.stdout.trim());
});

test('published ports are reached from the host, from containers and over IPv6', async t => {
  const e = engine();
  const id = await e.dockerOk('run', '-d', '-p', '8080:80', '-p', '127.0.0.1:0:80', 'busybox', ...web);
  t.regex(await e.dockerOk('port', id), /80\/tcp -> 0\.0\.0\.0:8080\n.*80\/tcp -> 127\.0\.0\.1:\d+/s);
  const get = async (url: string) => (await e.run([...wget, url])).stdout.trim();
  await poll(async () => (await get('http://127.0.0.1:8080/index.html')) === 'hello', {what: 'the published port'});
  t.is(await get('http://[::1]:8080/index.html'), 'hello');
  t.is(await get('http://172.17.0.1:8080/index.html'), 'hello');
  t.is(await e.dockerOk('run', '--rm', 'busybox', 'wget', '-qO-', 'http://172.17.0.1:8080/index.html'), 'hello');
  const taken = await e.docker('run', '-d', '--name', 'second', '-p', '8080:80', 'busybox', ...web);
  t.is(taken.exitCode, 125);
  t.regex(taken.stderr, /Bind for 0\.0\.0\.0:8080 failed: port is already allocated/);
  await e.dockerOk('rm', '-f', id, 'second');
  t.is(await get('http://127.0.0.1:8080/index.html'), '');
});

test('names, aliases, fixed addresses and connect on a user-defined network', async t => {
  const e = engine();
  await e.dockerOk('network', 'create', '--subnet', '10.99.0.0/24', 'net1');
  const id = await e.dockerOk(
    'run',
    '-d',
    '--name',
    'web',
    '--network',
    'net1',
    '--network-alias',
    'www',
    '--ip',
    '10.99.0.9',
    '--link-local-ip',
    '169.254.9.9',
    'busybox',
    ...web,
  );
  t.regex(await e.dockerOk('exec', 'web', 'ip', '-4', 'addr'), /inet 169\.254\.9\.9\/16/);
  const ask = (name: string) => e.docker('run', '--rm', '--network', 'net1', 'busybox', 'nslookup', '-type=a', name);
  for (const name of ['web', 'www', id.slice(0, 12)]) t.regex((await ask(name)).stdout, /Address: 10\.99\.0\.9/, name);
  t.not((await ask('nobody')).exitCode, 0);
  t.is(
    await e.dockerOk('run', '--rm', '--network', 'net1', 'busybox', 'wget', '-qO-', 'http://www/index.html'),
    'hello',
  );
  const apart = await e.docker(
    'run',
    '--rm',
    'busybox',
    'sh',
    '-c',
    'timeout 1 wget -qO- http://10.99.0.9/index.html; exit $?',
  );
  t.not(apart.exitCode, 0, 'another bridge does not reach it');
  await e.dockerOk('network', 'connect', 'bridge', 'web');
  t.regex(
    await e.dockerOk('exec', 'web', 'ip', '-4', 'addr'),
    /172\.17\.0\.\d+\/16.*10\.99\.0\.9|10\.99\.0\.9.*172\.17\.0\.\d+/s,
  );
  await e.dockerOk('network', 'disconnect', 'net1', 'web');
  t.notRegex(await e.dockerOk('exec', 'web', 'ip', '-4', 'addr'), /10\.99\.0\.9/);
  const again = await e.docker('network', 'disconnect', '--force', 'net1', 'web');
  t.regex(again.stderr, /container [0-9a-f]{64} is not connected to network net1/);
  await e.dockerOk('rm', '-f', 'web');
  await e.dockerOk('network', 'rm', 'net1');
  t.notRegex(await e.dockerOk('network', 'ls'), /net1/);
});

test('SIGKILL of dockerd: addresses, ports and names are there again', async t => {
  const e = await openEngine(t);
  await e.dockerOk('network', 'create', 'net1');
  await e.dockerOk('run', '-d', '--name', 'web', '-p', '8080:80', 'busybox', ...web);
  await e.dockerOk('run', '-d', '--name', 'named', '--network', 'net1', 'busybox', 'sleep', '300');
  const rules = async () =>
    (await e.run(['iptables-save'])).stdout
      .split('\n')
      .filter(line => line.startsWith('-A'))
      .sort();
  const before = await rules();
  await e.dockerd.kill('SIGKILL');
  await e.dockerd.start();
  t.deepEqual(await rules(), before);
  const get = async () => (await e.run([...wget, 'http://127.0.0.1:8080/index.html'])).stdout.trim();
  await poll(async () => (await get()) === 'hello', {what: 'the published port'});
  t.regex(await e.dockerOk('exec', 'named', 'nslookup', '-type=a', 'named'), /Address: 172\.18\.0\.2/);
  t.regex(await e.dockerOk('run', '--rm', 'busybox', 'ip', '-4', 'addr', 'show', 'eth0'), /172\.17\.0\.3\/16/);
  await e.dockerOk('rm', '-f', 'web', 'named');
  await e.dockerOk('network', 'rm', 'net1');
});
