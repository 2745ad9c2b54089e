import test from 'ava';
import {type Flag, parseArguments, parseDuration, UsageError, withoutFlags} from './flags.ts';

const flags: readonly Flag[] = [
  {names: ['force', 'f'], kind: 'boolean', help: ''},
  {names: ['bundle', 'b'], kind: 'string', help: '', default: '.'},
  {names: ['env', 'e'], kind: 'list', help: ''},
  {names: ['preserve-fds'], kind: 'integer', help: ''},
  {names: ['interval'], kind: 'duration', help: '', default: '5s'},
];
const parse = (args: string[], stopAtPositional = false) => parseArguments(args, flags, {stopAtPositional});

test('a value follows as its own argument or behind "=", with one dash or two', t => {
  for (const args of [['--bundle', '/x'], ['--bundle=/x'], ['-bundle', '/x'], ['-b=/x'], ['-b', '/x']])
    t.is(parse(args).text('bundle'), '/x', args.join(' '));
  t.is(parse([]).text('bundle'), '.');
  t.false(parse([]).has('bundle'));
  t.is(parse(['-b', '--force']).text('bundle'), '--force', 'the next argument is the value whatever it looks like');
});

test('booleans take no further argument', t => {
  const parsed = parse(['-f', 'true']);
  t.true(parsed.boolean('force'));
  t.deepEqual(parsed.positional, ['true']);
  t.false(parse(['--force=false']).boolean('force'));
  t.true(parse(['--force=T']).boolean('force'));
  t.throws(() => parse(['-f=maybe']), {
    instanceOf: UsageError,
    message: 'invalid boolean value "maybe" for -f: parse error',
  });
});

test('the last of a repeated flag counts; a list keeps them all', t => {
  const parsed = parse(['-b', '1', '-e', 'A=1', '--env=B=2', '-b', '2']);
  t.is(parsed.text('bundle'), '2');
  t.deepEqual(parsed.list('env'), ['A=1', 'B=2']);
});

test('flags are found behind positional arguments unless those belong to another program', t => {
  const mixed = parse(['c1', '--force', 'KILL']);
  t.true(mixed.boolean('force'));
  t.deepEqual(mixed.positional, ['c1', 'KILL']);
  const stopped = parse(['-f', 'c1', 'ls', '-e', '--force'], true);
  t.deepEqual(stopped.positional, ['c1', 'ls', '-e', '--force']);
  t.deepEqual(stopped.list('env'), []);
  t.deepEqual(parse(['c1', '-9']).positional, ['c1', '-9'], 'an unknown flag behind one is an argument');
});

test('"--" ends the flags and "-" is an argument', t => {
  t.deepEqual(parse(['--', '--force']).positional, ['--force']);
  t.deepEqual(parse(['-', '-f']).positional, ['-']);
});

test('the texts of usage errors', t => {
  const message = (...args: string[]) => t.throws(() => parse(args), {instanceOf: UsageError}).message;
  t.is(message('--bogus'), 'flag provided but not defined: -bogus');
  t.is(message('-x=1'), 'flag provided but not defined: -x');
  t.is(message('--bundle'), 'flag needs an argument: -bundle');
  t.is(message('--preserve-fds', 'x'), 'invalid value "x" for flag -preserve-fds: parse error');
  t.is(message('--interval', 'abc'), 'invalid value "abc" for flag -interval: parse error');
});

test('durations of Go', t => {
  t.is(parseDuration('5s'), 5000);
  t.is(parseDuration('1m30s'), 90_000);
  t.is(parseDuration('1.5h'), 5_400_000);
  t.is(parseDuration('250ms'), 250);
  t.is(parseDuration('-1s'), -1000);
  t.is(parseDuration('0'), 0);
  for (const text of ['', '5', 's', '1x', '1s 2s']) t.is(parseDuration(text), undefined, text);
});

test('withoutFlags() takes flags and their values out, and nothing behind "--"', t => {
  const flags: Flag[] = [
    {names: ['pidfd-socket'], kind: 'string', help: ''},
    {names: ['detach', 'd'], kind: 'boolean', help: ''},
  ];
  const args = ['-b', '/b', '--pidfd-socket', '/s', '-d', '--no-pivot', '-pidfd-socket=/t', 'c1', '--', '-d'];
  t.deepEqual(withoutFlags(args, flags), ['-b', '/b', '--no-pivot', 'c1', '--', '-d']);
});
