import test from 'ava';
import {HelpRequested, parseCommandLine} from './flags.ts';

test("containerd's own command line", t => {
  const line =
    '-namespace moby -address /run/c.sock -publish-binary /usr/bin/containerd -id abc -bundle /b -debug delete';
  const {flags, rest} = parseCommandLine(line.split(' '));
  t.like(flags, {namespace: 'moby', address: '/run/c.sock', publishBinary: '/usr/bin/containerd', id: 'abc'});
  t.like(flags, {bundle: '/b', debug: true, info: false, v: false, socket: ''});
  t.deepEqual(rest, ['delete']);
});

test('two dashes, "=", empty values, and the end of the flags', t => {
  const {flags, rest} = parseCommandLine(['--id=a=b', '-debug=false', '-address=', '--', '-v']);
  t.like(flags, {id: 'a=b', debug: false, address: '', v: false});
  t.deepEqual(rest, ['-v']);
  t.deepEqual(parseCommandLine(['-', 'x']).rest, ['-', 'x']);
});

test("what Go's flag package refuses", t => {
  const cases: [string[], string][] = [
    [['-nope'], 'flag provided but not defined: -nope'],
    [['-id'], 'flag needs an argument: -id'],
    [['-debug=maybe'], 'invalid boolean value "maybe" for -debug: parse error'],
    [['---id'], 'bad flag syntax: ---id'],
    [['-=x'], 'bad flag syntax: -=x'],
    [['-toString'], 'flag provided but not defined: -toString'],
  ];
  for (const [words, message] of cases) t.throws(() => parseCommandLine(words), {message});
  t.throws(() => parseCommandLine(['-h']), {instanceOf: HelpRequested});
});
