/** What a machine makes of a configuration. */
import {createLogger} from '@longshore/base';
import test from 'ava';
import {mergeConfig} from '../../config/config.ts';
import {checkHost} from './check-host.ts';
import type {HostFacts} from './host-facts.ts';

function check(flags: Record<string, unknown>, host: Partial<HostFacts>): string {
  let text = '';
  const log = createLogger({
    write: line => {
      text += line;
    },
  });
  checkHost(mergeConfig(flags, {}), {kernelVersion: '6.1.0', selinux: false, ...host} as HostFacts, log);
  return text;
}

test('SELinux is warned of where there is none, and refused where there is', t => {
  t.regex(check({selinuxEnabled: true}, {}), /could not enable SELinux/);
  t.throws(() => check({selinuxEnabled: true}, {selinux: true}), {message: /not supported yet/});
  t.is(check({}, {selinux: true}), '');
});

test('what has nothing to act on is warned of', t => {
  t.regex(check({builder: {gc: {enabled: true}}}, {}), /the key \\"builder\\" has no effect/);
  t.regex(check({fixedCidrV6: 'fd00::/64'}, {}), /--fixed-cidr-v6 has no effect without --ipv6/);
  t.is(check({fixedCidrV6: 'fd00::/64', ipv6: true}, {}), '');
});

test('an old kernel and a deprecated option are warned of', t => {
  t.regex(check({}, {kernelVersion: '3.9.1'}), /3.9.1 can be unstable/);
  t.is(check({}, {kernelVersion: '3.10.0-1'}), '');
  t.regex(check({corsHeader: '*'}, {}), /DEPRECATED: The .*api-cors-header/);
});
