/** Flags and daemon.json: what is taken, what is refused, and in which words. */
import test from 'ava';
import {mergeConfig, parseConfigFile, unsupportedOptions} from './config.ts';
import {parseFlags} from './flags.ts';
import {helpText} from './help.ts';
import {optionTable} from './option-table.ts';
import {verifyConfig} from './verify.ts';

function load(argv: string[], file = '{}') {
  const config = mergeConfig(parseFlags(argv), parseConfigFile(file));
  const [unsupported] = unsupportedOptions(config);
  if (unsupported) throw unsupported;
  verifyConfig(config);
  return config;
}

test('flags in all their forms', t => {
  const config = load([
    '-H',
    'unix:///a',
    '--host=unix:///b',
    '-Dldebug',
    '--data-root',
    '/x',
    '--icc=false',
    '--label',
    'a=b',
  ]);
  t.deepEqual(config.hosts, ['unix:///a', 'unix:///b']);
  t.like(config, {
    debug: true,
    logLevel: 'debug',
    dataRoot: '/x',
    icc: false,
    iptables: true,
    execRoot: '/var/run/docker',
  });
});

test('daemon.json, its own names and types', t => {
  const config = load(
    [],
    '{"hosts":["unix:///a"],"log-opts":{"max-size":"1m","max-file":3},"default-shm-size":"128M","live-restore":true,' +
      '"default-ulimits":{"nofile":{"Name":"nofile","Soft":1,"Hard":2}},"runtimes":{"crun":{"path":"/usr/bin/crun"}}}',
  );
  t.deepEqual(config.logOptions, {'max-size': '1m', 'max-file': '3'});
  t.is(config.defaultShmSize, 128 * 1024 * 1024);
  t.deepEqual(config.defaultUlimits, {nofile: {soft: 1, hard: 2}});
  t.true(config.liveRestore);
  t.is(config.runtimes.crun?.path, '/usr/bin/crun');
});

test('runtimes may come from both places', t => {
  const config = load(['--add-runtime', 'b=/b'], '{"runtimes":{"a":{"path":"/a"}}}');
  t.deepEqual(Object.keys(config.runtimes), ['a', 'b']);
});

const refused: [string, string[], string, RegExp][] = [
  ['an unknown flag', ['--bogus'], '{}', /^unknown flag: --bogus\n/],
  ['a flag without its value', ['--data-root'], '{}', /^flag needs an argument: --data-root/],
  ['a short flag without its value', ['-H'], '{}', /^flag needs an argument: 'H' in -H/],
  [
    'a bad number',
    ['--mtu', 'x'],
    '{}',
    /^invalid argument "x" for "--mtu" flag: strconv.ParseInt: parsing "x": invalid syntax/,
  ],
  ['a bad boolean', ['--icc=maybe'], '{}', /strconv.ParseBool/],
  ['arguments', ['run'], '{}', /accepts no arguments/],
  [
    'an unknown key',
    [],
    '{"bogus":1,"x":2}',
    /^the following directives don't match any configuration option: bogus, x$/,
  ],
  ['a wrong type', [], '{"debug":"yes"}', /^debug: invalid value "yes": expected a boolean$/],
  [
    'the same in both places',
    ['--data-root', '/y', '--label', 'a=b'],
    '{"data-root":"/x","labels":["c=d"]}',
    /specified both as a flag and in the configuration file: data-root: \(from flag: \/y, from file: \/x\), labels: \(from flag: \[a=b\], from file: \[c=d\]\)$/,
  ],
  ['what is not there yet', ['--ipv6'], '{}', /^--ipv6 is not supported yet$/],
  ['the same by file', [], '{"userns-remap":"default"}', /^--userns-remap is not supported yet$/],
  [
    'a socket of another kind',
    ['-H', 'npipe://x'],
    '{}',
    /^invalid bind address \(npipe:\/\/x\): unsupported proto 'npipe'/,
  ],
  ['a log level', ['-l', 'loud'], '{}', /^invalid value "loud" for --log-level/],
  ['a label without a value', ['--label', 'x'], '{}', /^bad attribute format: x$/],
  ['a DNS server that is no address', ['--dns', 'x'], '{}', /^invalid IP address: x$/],
  ['a bridge with an address for another', ['-b', 'br0', '--bip', '10.0.0.1/24'], '{}', /mutually exclusive/],
  ['a runtime that is not there', ['--default-runtime', 'x'], '{}', /^specified default runtime 'x' does not exist$/],
  ['the name runc for another', ['--add-runtime', 'runc=/x'], '{}', /reserved/],
  [
    'another cgroup driver',
    ['--exec-opt', 'native.cgroupdriver=x'],
    '{}',
    /^native.cgroupdriver option x not supported$/,
  ],
  ['another storage', ['-s', 'zfs'], '{}', /^invalid value "zfs" for --storage-driver/],
];
for (const [what, argv, file, message] of refused) {
  test(`refused: ${what}`, t => {
    t.regex(t.throws(() => load(argv, file)).message, message);
  });
}

test('every option is in the help, once', t => {
  const help = helpText();
  for (const {flag} of Object.values(optionTable)) {
    t.is(help.split('\n').filter(line => line.slice(6).startsWith(`--${flag} `)).length, 1, flag);
  }
});
