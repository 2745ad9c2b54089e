import test from 'ava';
import {parseConfinement, parseParserVersion} from './apparmor.ts';
import {buildProfile, type ProfileFacts} from './profile.ts';

const all: ProfileFacts = {
  name: 'docker-default',
  daemonProfile: 'unconfined',
  parser: [3, 0],
  has: {globalTunables: true, baseAbstraction: true, abi: true},
};

test('the profile for a parser of today', t => {
  const text = buildProfile(all);
  t.true(text.startsWith('abi <abi/3.0>,\n#include <tunables/global>\n\nprofile docker-default flags='));
  t.regex(text, /^ {2}#include <abstractions\/base>$/m);
  t.regex(text, /^ {2}signal \(receive\) peer=unconfined,$/m);
  t.regex(text, /^ {2}deny mount,$/m);
  t.is(text.match(/\{/g)?.length, text.match(/\}/g)?.length);
});

test('an old parser gets no rules that it does not know', t => {
  const text = buildProfile({...all, parser: [2, 8]});
  t.notRegex(text, /signal|ptrace|^abi/m);
  t.regex(buildProfile({...all, parser: [2, 9]}), /ptrace/);
});

test('what /etc/apparmor.d lacks is not included', t => {
  const has = {globalTunables: false, baseAbstraction: false, abi: false};
  const text = buildProfile({...all, has});
  t.notRegex(text, /^#include|^abi|<abs/m);
  t.true(text.startsWith('@{PROC}=/proc/\n'));
});

test('a confined daemon may send signals', t => {
  t.regex(buildProfile({...all, daemonProfile: 'docker-engine'}), /signal \(receive\) peer=docker-engine,/);
  t.regex(buildProfile({...all, daemonProfile: 'my engine'}), /signal \(receive\) peer="my engine",/);
});

test('the kernel names the profile of a process with its mode', t => {
  t.is(parseConfinement('docker-engine (enforce)\n'), 'docker-engine');
  t.is(parseConfinement('unconfined\n'), 'unconfined');
  t.is(parseConfinement('a (b) (complain)\0'), 'a (b)');
  t.is(parseConfinement(''), '');
});

test('versions of the parser', t => {
  t.deepEqual(parseParserVersion('AppArmor parser version 3.0.8\nCopyright (C) 1999-2008 Novell Inc.'), [3, 0]);
  t.deepEqual(parseParserVersion('AppArmor parser version 4.1.0~beta1'), [4, 1]);
  t.deepEqual(parseParserVersion(''), [0, 0]);
});
