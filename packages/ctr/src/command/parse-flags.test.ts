import test from 'ava';
import {bool, type Flag, list, text, unsupported} from './command.ts';
import {parseLabels} from './flag-values.ts';
import {parseFlags} from './parse-flags.ts';

const flags: Flag[] = [
  bool('rm', 'remove'),
  bool('tty', 'terminal', 't'),
  list('env', 'environment'),
  {...text('namespace', 'namespace', 'n'), default: 'default', env: 'CTR_TEST_NAMESPACE'},
  {name: 'cpus', type: 'float', usage: 'cpus'},
  {name: 'expires', type: 'duration', usage: 'lifetime', default: '24h0m0s'},
  ...unsupported('not here', bool('cni', 'networking')),
];

test('flags stop at the first positional argument, and at --', t => {
  const {values, rest} = parseFlags(flags, [
    '--rm',
    '-t',
    '--env',
    'A=1',
    '--env=B=2',
    'image',
    'id',
    'ls',
    '--rm=false',
  ]);
  t.deepEqual(rest, ['image', 'id', 'ls', '--rm=false']);
  t.true(values.bool('rm') && values.bool('tty'));
  t.deepEqual(values.labels('env'), {A: '1', B: '2'});
  t.deepEqual(parseFlags(flags, ['--', '--rm']).rest, ['--rm']);
  t.false(parseFlags(flags, ['--rm=false', 'x']).values.bool('rm'));
});

test('a value comes from the command line, else the environment, else the default', t => {
  t.is(parseFlags(flags, ['-n', 'moby']).values.text('namespace'), 'moby');
  process.env.CTR_TEST_NAMESPACE = 'from-env';
  t.is(parseFlags(flags, []).values.text('namespace'), 'from-env');
  delete process.env.CTR_TEST_NAMESPACE;
  t.is(parseFlags(flags, []).values.text('namespace'), 'default');
  t.is(parseFlags(flags, []).values.milliseconds('expires'), 86_400_000);
});

const bad: [string[], RegExp][] = [
  [['--nope'], /flag provided but not defined: -nope/],
  [['--env'], /flag needs an argument: --env/],
  [['--cpus', 'two'], /invalid value "two" for flag -cpus: parse error/],
  [['--rm=maybe'], /invalid value "maybe" for flag -rm/],
  [['--expires', 'soon'], /invalid value "soon" for flag -expires/],
  [['--cni'], /--cni is not supported: not here/],
];
for (const [argv, message] of bad) {
  test(`${argv.join(' ')} is refused`, t => {
    t.throws(() => parseFlags(flags, argv), {message});
  });
}

test('labels: a word without "=" is empty, a name must be there', t => {
  t.deepEqual(parseLabels(['a=b=c', 'd']), {a: 'b=c', d: ''});
  t.throws(() => parseLabels(['=x']), {message: /invalid label "=x"/});
});
