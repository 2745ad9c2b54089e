import test from 'ava';
import {parseArgv} from './argv.ts';
import {UsageError} from './errors.ts';
import {type FlagSpecs, flag} from './flags.ts';

const specs = {
  all: flag.bool('', {char: 'a'}),
  env: flag.list('', {char: 'e'}),
  interactive: flag.bool('', {char: 'i'}),
  last: flag.int('', {char: 'n', initial: -1}),
  name: flag.string(''),
  pause: flag.bool('', {char: 'p', initial: true}),
  tty: flag.bool('', {char: 't'}),
  memory: flag.bytes('', {char: 'm'}),
  swap: flag.bytes('', {unlimited: true}),
  filter: flag.filter('', {char: 'f'}),
  opt: flag.map(''),
  alias: flag.strings(''),
  wait: flag.duration(''),
  weight: flag.uint16(''),
  time: flag.int('', {aliases: ['timeout']}),
} satisfies FlagSpecs;

const parse = (...argv: string[]) => parseArgv(specs, argv);
const failure = (...argv: string[]) => {
  try {
    parse(...argv);
  } catch (error) {
    return error instanceof UsageError ? `${error.exitCode} ${error.message}` : String(error);
  }
  return 'no error';
};

test('long flags take their value with or without an equals sign', t => {
  t.is(parse('--name=x').flags.name, 'x');
  t.is(parse('--name', 'x').flags.name, 'x');
  t.is(parse('--name=').flags.name, '');
  t.is(parse('--name', '-x').flags.name, '-x');
});

test('booleans take a value only with an equals sign', t => {
  t.true(parse('--all').flags.all);
  t.false(parse('--all=false').flags.all);
  t.false(parse('-p=false').flags.pause);
  t.deepEqual(parse('--all', 'false').args, ['false']);
});

test('letters cluster, the last may take a value', t => {
  const {flags, given} = parse('-itn5');
  t.true(flags.interactive && flags.tty);
  t.is(flags.last, 5);
  t.deepEqual([...given], ['interactive', 'tty', 'last']);
  t.deepEqual(parse('-iteA=b').flags.env, ['A=b']);
  t.deepEqual(parse('-e', 'A=b', '-eC=d', '-e=E').flags.env, ['A=b', 'C=d', 'E']);
});

test('flags and arguments may be mixed, unless they may not', t => {
  t.deepEqual(parse('x', '-a', 'y').args, ['x', 'y']);
  const stopped = parseArgv(specs, ['-i', 'image', '-a', '--bogus'], {interspersed: false});
  t.deepEqual(stopped.args, ['image', '-a', '--bogus']);
  t.false(stopped.flags.all);
  t.deepEqual(parse('-a', '--', '-i', '--name').args, ['-i', '--name']);
  t.deepEqual(parse('-').args, ['-']);
});

test('values of every kind', t => {
  t.is(parse('-m', '64m').flags.memory, 67108864);
  t.is(parse('--swap=-1').flags.swap, -1);
  t.deepEqual(parse('-f', 'label=a=b', '-f', 'NAME= x ', '-f', 'name=y').flags.filter, {
    label: {'a=b': true},
    name: {x: true, y: true},
  });
  t.deepEqual(parse('--opt', 'a=b=c', '--opt', 'd').flags.opt, {a: 'b=c', d: ''});
  t.deepEqual(parse('--alias', 'a,b', '--alias', 'c').flags.alias, ['a', 'b', 'c']);
  t.is(parse('--wait', '1m30s').flags.wait, 90e9);
  t.is(parse('--timeout', '3').flags.time, 3);
  t.is(parse().flags.last, -1);
});

test('help ends the reading', t => {
  t.true(parse('--help', '--bogus').help);
  t.true(parse('-h').help);
});

test('errors are worded as Docker words them', t => {
  t.is(failure('--bogus'), '125 unknown flag: --bogus');
  t.is(failure('-az'), "125 unknown shorthand flag: 'z' in -z");
  t.is(failure('-n'), "125 flag needs an argument: 'n' in -n");
  t.is(failure('--last'), '125 flag needs an argument: --last');
  t.is(failure('--=x'), '125 bad flag syntax: --=x');
  t.is(failure('---x'), '125 bad flag syntax: ---x');
  t.is(
    failure('-n', 'x'),
    '125 invalid argument "x" for "-n, --last" flag: strconv.ParseInt: parsing "x": invalid syntax',
  );
  t.is(
    failure('--all=maybe'),
    '125 invalid argument "maybe" for "-a, --all" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
  );
  t.is(failure('--wait', '5'), '125 invalid argument "5" for "--wait" flag: time: missing unit in duration "5"');
  t.is(
    failure('--weight', '70000'),
    '125 invalid argument "70000" for "--weight" flag: strconv.ParseUint: parsing "70000": value out of range',
  );
  t.is(
    failure('-f', 'x'),
    '125 invalid argument "x" for "-f, --filter" flag: bad format of filter (expected name=value)',
  );
});
