import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {recordedTest, recording} from '../../recordings.testing.ts';
import {appendHosts, formatHosts, ownEntries, parseExtraHost} from './hosts-file.ts';
import {generateResolvConf, isResolvedStub, parseResolvConf} from './resolv-conf.ts';

const none = {nameservers: [], search: [], options: []};
const host = parseResolvConf('nameserver 192.0.2.53\n');

/** Sections of the recording: `web1 hosts` → text. */
function recordedFiles(): (name: string) => string {
  const sections = recording('files/container-hosts-etc.txt').split(/^=== /m);
  return name =>
    `${sections
      .find(each => each.startsWith(`${name}\n`))
      ?.slice(name.length + 1)
      .trimEnd()}\n`;
}

recordedTest('the files are byte for byte those that were recorded', t => {
  const recorded = recordedFiles();
  const resolv = (settings: Parameters<typeof generateResolvConf>[1], mode: 'host' | 'legacy' | 'internal') =>
    generateResolvConf(host, settings, mode, '/etc/resolv.conf').text;
  t.is(resolv(none, 'legacy'), recorded('web1 resolv.conf'));
  t.is(resolv(none, 'legacy'), recorded('none1 resolv.conf'));
  t.is(resolv(none, 'host'), recorded('host1c resolv.conf'));
  t.is(resolv(none, 'internal'), recorded('n1 resolv.conf'));
  const own = {nameservers: ['192.0.2.1'], search: ['example.test'], options: []};
  t.is(resolv(own, 'legacy'), recorded('full1 resolv.conf'));
  t.is(formatHosts(ownEntries(['172.17.0.2'], '1acb3c3a546a', '')), recorded('web1 hosts'));
  t.is(formatHosts([]), recorded('none1 hosts'));
  const full = [...parseExtraHost('foo:1.2.3.4', []), ...ownEntries(['172.17.0.3'], 'fullhost', '')];
  t.is(formatHosts(full), recorded('full1 hosts'));
  t.is(appendHosts('127.0.0.1\tlocalhost\n127.0.1.1\thost1\n', []), recorded('host1c hosts'));
});

test('servers on the loopback or with IPv6 are left out; without any the public ones are used', t => {
  const local = parseResolvConf('nameserver 127.0.0.53\nnameserver ::1\nsearch a b\noptions edns0 trust-ad\n');
  const made = generateResolvConf(local, none, 'legacy', '/etc/resolv.conf');
  t.regex(made.text, /^nameserver 8\.8\.8\.8\nnameserver 8\.8\.4\.4\nsearch a b\noptions edns0 trust-ad\n$/m);
  t.regex(made.text, /^# Used default nameservers\.$/m);
  t.notRegex(made.text, /127\.0/);
  const mixed = parseResolvConf('nameserver 2001:db8::1\nnameserver 10.0.0.1\nnameserver 127.0.0.1');
  t.deepEqual(generateResolvConf(mixed, none, 'legacy', 'x').external, [{address: '10.0.0.1', fromHost: true}]);
});

test('the user may name a loopback server, and clear the search list', t => {
  const searching = parseResolvConf('nameserver 10.0.0.1\nsearch corp.test\n');
  const made = generateResolvConf(searching, {nameservers: ['127.0.0.1'], search: ['.'], options: []}, 'legacy', 'x');
  t.regex(made.text, /^nameserver 127\.0\.0\.1$/m);
  t.notRegex(made.text, /^search/m);
  t.regex(made.text, /^# Overrides: \[nameservers search\]$/m);
});

test('the embedded server leaves loopback servers of the host to the host, and says where ndots comes from', t => {
  const stub = parseResolvConf('nameserver 127.0.0.53\noptions ndots:2\nsortlist 10.0.0.0\n');
  const made = generateResolvConf(stub, none, 'internal', 'x');
  t.deepEqual(made.external, [{address: '127.0.0.53', fromHost: true}]);
  t.true(made.hasNdots);
  t.regex(made.text, /^nameserver 127\.0\.0\.11\noptions ndots:2\nsortlist 10\.0\.0\.0\n$/m);
  t.regex(made.text, /^# Option ndots from: host$/m);
  t.true(isResolvedStub(stub));
});

test('resolv.conf is read leniently', t => {
  const read = parseResolvConf(
    '; c\n# d\n nameserver  10.0.0.1 x\nnameserver nonsense\ndomain a\nsearch b c\n\noptions x\noptions y',
  );
  t.deepEqual(read, {nameservers: ['10.0.0.1'], search: ['b', 'c'], options: ['x', 'y'], other: []});
});

test('--add-host takes both separators, IPv6 and host-gateway', t => {
  t.deepEqual(parseExtraHost('a:::1', []), [{address: '::1', names: 'a'}]);
  t.deepEqual(parseExtraHost('a=[fd00::1]', []), [{address: 'fd00::1', names: 'a'}]);
  t.deepEqual(parseExtraHost('gw:host-gateway', ['172.17.0.1']), [{address: '172.17.0.1', names: 'gw'}]);
  t.is(
    codeOf(t.throws(() => parseExtraHost('bad', []), {message: 'bad format for add-host: "bad"'})),
    'invalid-argument',
  );
  t.throws(() => parseExtraHost('a:b', []), {message: 'invalid IP address in add-host: "b"'});
  t.throws(() => parseExtraHost('a:host-gateway', []), {message: /host-gateway/});
});

test('a domain puts the full name first', t => {
  t.is(
    formatHosts(ownEntries(['10.0.0.2'], 'web', 'example.test'))
      .split('\n')
      .at(-2),
    '10.0.0.2\tweb.example.test web',
  );
  t.deepEqual(ownEntries(['10.0.0.2'], 'web.example.test', ''), [{address: '10.0.0.2', names: 'web.example.test web'}]);
});
