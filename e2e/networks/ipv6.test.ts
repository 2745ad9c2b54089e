/** Networks with IPv6, seen the same way with this engine and the original. */
import {debianExecutables, type Engine, poll} from '@longshore/testing';
import test, {type ExecutionContext} from 'ava';
import {openEngine} from '../harness/open.ts';

const web = ['sh', '-c', 'echo hello > /index.html; exec httpd -f -p [::]:80'];
const wget = ['timeout', '3', '/bin/busybox', 'wget', '-qO-'];
/** Of the original, --ip6tables is an experiment. */
const config = {ipv6: true, 'fixed-cidr-v6': '2001:db8:7::/64', ip6tables: true, experimental: true};
/** Addresses on the default bridge come from the link address with the original, which it has changed since. */
const inDefault = /^2001:db8:7::(2|242:ac11:2)$/;

async function scenario(t: ExecutionContext, e: Engine): Promise<string[]> {
  const seen: string[] = [];
  const note = (what: string, value: string) => seen.push(`${what}: ${value}`);
  const ip = (...args: string[]) => e.dockerOk('exec', 'box', 'ip', '-6', ...args);
  await e.dockerOk('run', '-d', '--name', 'box', 'busybox', 'sleep', '300');
  const network = async (container: string, field: string) =>
    (await e.dockerOk('inspect', '-f', `{{range .NetworkSettings.Networks}}{{.${field}}} {{end}}`, container)).trim();
  const address = await network('box', 'GlobalIPv6Address');
  t.regex(address, inDefault);
  t.is(await e.dockerOk('inspect', '-f', '{{.NetworkSettings.GlobalIPv6Address}}', 'box'), address);
  t.true((await ip('addr', 'show', 'eth0', 'scope', 'global')).includes(`inet6 ${address}/64`));
  t.regex(await e.dockerOk('exec', 'box', 'cat', '/etc/hosts'), new RegExp(`^${address}\t`, 'm'));
  note('default route', (await ip('route', 'show', 'default')).replace(/ +/g, ' ').trim());
  note('gateway', await network('box', 'IPv6Gateway'));
  note('prefix', await network('box', 'GlobalIPv6PrefixLen'));
  note('EnableIPv6', await e.dockerOk('network', 'inspect', '-f', '{{.EnableIPv6}}', 'bridge'));
  await e.dockerOk('network', 'create', '--ipv6', '--subnet', 'fd00:31::/64', 'dual');
  const published = ['-p', '8080:80', '--name', 'web', '--network', 'dual', '--ip6', 'fd00:31::9'];
  await e.dockerOk('run', '-d', ...published, 'busybox', ...web);
  note('fixed address', await network('web', 'GlobalIPv6Address'));
  note('its gateway', await network('web', 'IPv6Gateway'));
  const get = async (url: string) => (await e.run([...wget, url])).stdout.trim();
  await poll(async () => (await get('http://[::1]:8080/index.html')) === 'hello', {what: 'the published port'});
  note('from the host', await get('http://[fd00:31::9]/index.html'));
  const inDual = (...command: string[]) => e.docker('run', '--rm', '--network', 'dual', 'busybox', ...command);
  note('by name', (await inDual('wget', '-qO-', 'http://web/index.html')).stdout.trim());
  note('by address', (await inDual('wget', '-qO-', 'http://[fd00:31::9]/index.html')).stdout.trim());
  note('AAAA', /Address.*(fd00:31::9)/.exec((await inDual('nslookup', '-type=aaaa', 'web')).stdout)?.[1] ?? '');
  const apart = await e.docker('exec', 'box', 'timeout', '1', 'wget', '-qO-', 'http://[fd00:31::9]/index.html');
  note('from another network', String(apart.exitCode !== 0));
  const rules = (await e.run(['ip6tables-save', '-t', 'nat'])).stdout;
  note('masquerades', String(/-A POSTROUTING -s fd00:31::\/64 ! -o br-\w+ -j MASQUERADE/.test(rules)));
  note('forwards', (await e.run(['cat', '/proc/sys/net/ipv6/conf/all/forwarding'])).stdout.trim());
  const bad = await e.docker('run', '--rm', '--network', 'dual', '--ip6', 'fd01::1', 'busybox', 'true');
  note('an address of another subnet', String(bad.exitCode));
  await e.dockerOk('network', 'connect', 'dual', 'box');
  note('connected later', (await ip('addr', 'show', 'eth1', 'scope', 'global')).includes('fd00:31::') ? 'yes' : 'no');
  await e.dockerOk('rm', '-f', 'box', 'web');
  await e.dockerOk('network', 'rm', 'dual');
  return seen;
}

test('addresses, routes, names, published ports and rules of IPv6, beside the original', async t => {
  const ours = await scenario(t, await openEngine(t, {config}));
  t.true(ours.includes('fixed address: fd00:31::9'), ours.join('\n'));
  const original = await openEngine(t, {executables: debianExecutables, leakCheck: false, config});
  t.deepEqual(ours, await scenario(t, original));
});

test('a network without a subnet gets one of the machine, the same again after a start', async t => {
  const e = await openEngine(t, {config: {ipv6: true}});
  const subnet = (name: string) =>
    e.dockerOk('network', 'inspect', '-f', '{{range .IPAM.Config}}{{.Subnet}} {{end}}', name);
  await e.dockerOk('network', 'create', '--ipv6', 'local');
  const before = [await subnet('bridge'), await subnet('local')];
  for (const text of before) t.regex(text, /^172\.\d+\.0\.0\/16 fd[0-9a-f]{2}:[0-9a-f:]+::\/64 $/);
  await e.dockerd.kill('SIGKILL');
  await e.dockerd.start();
  t.deepEqual([await subnet('bridge'), await subnet('local')], before);
  await e.dockerOk('network', 'rm', 'local');
});
