/** Options and messages of the original, as it answered. */
import test from 'ava';
import {parseCacheOptions, parseJsonLogOptions, parseLocalLogOptions} from './file-options.ts';
import {parseFluentdOptions} from './fluentd-options.ts';
import {parseGelfOptions} from './gelf-options.ts';
import {parseSplunkOptions} from './splunk-options.ts';
import {parseSyslogOptions} from './syslog-options.ts';
import type {LogOptions} from './values.ts';
import {verifyLogOptions} from './verify.ts';

const udp = 'udp://127.0.0.1:1';
const refused: [driver: string, options: LogOptions, message: string][] = [
  ['json-file', {mode: 'x'}, 'logger: logging mode not supported: x'],
  ['json-file', {'max-buffer-size': '1m'}, `logger: max-buffer-size option is only supported with 'mode=non-blocking'`],
  [
    'json-file',
    {mode: 'non-blocking', 'max-buffer-size': 'x'},
    `error parsing option max-buffer-size: invalid size: 'x'`,
  ],
  ['local', {labels: 'a'}, `unknown log opt 'labels' for log driver local`],
  ['syslog', {x: '1'}, `unknown log opt 'x' for syslog log driver`],
  ['syslog', {'cache-x': 'x'}, `unknown log opt 'cache-x' for syslog log driver`],
  ['syslog', {'cache-disabled': 'maybe'}, 'invalid value for option cache-disabled: maybe'],
  [
    'syslog',
    {'syslog-address': '127.0.0.1:514'},
    'syslog-address should be in form proto://address, got 127.0.0.1:514',
  ],
  ['syslog', {'syslog-facility': 'bogus'}, 'invalid syslog facility'],
  ['syslog', {'syslog-facility': '99'}, 'invalid syslog facility'],
  ['syslog', {'syslog-format': 'bogus'}, 'Invalid syslog format'],
  ['fluentd', {'fluentd-async': 'maybe'}, 'strconv.ParseBool: parsing "maybe": invalid syntax'],
  ['fluentd', {'fluentd-buffer-limit': 'x'}, `invalid size: 'x'`],
  ['fluentd', {'fluentd-retry-wait': 'x'}, 'time: invalid duration "x"'],
  ['fluentd', {'fluentd-max-retries': 'x'}, 'strconv.ParseUint: parsing "x": invalid syntax'],
  [
    'fluentd',
    {'fluentd-async': 'true', 'fluentd-async-connect': 'true'},
    `conflicting options: cannot specify both 'fluentd-async' and 'fluentd-async-connect`,
  ],
  ['gelf', {x: '1'}, 'gelf-address is a required parameter'],
  ['gelf', {'gelf-address': 'x'}, 'gelf-address should be in form proto://address, got x'],
  ['gelf', {'gelf-address': 'udp://x'}, 'gelf: please provide gelf-address as proto://host:port'],
  [
    'gelf',
    {'gelf-address': udp, 'gelf-compression-type': 'x'},
    'unknown value "x" for log opt "gelf-compression-type" for gelf log driver',
  ],
  [
    'gelf',
    {'gelf-address': udp, 'gelf-compression-level': '99'},
    'unknown value "99" for log opt "gelf-compression-level" for gelf log driver',
  ],
  [
    'gelf',
    {'gelf-address': 'tcp://127.0.0.1:1', 'gelf-compression-level': '1'},
    'compression is only supported on UDP',
  ],
  ['gelf', {'gelf-address': udp, 'gelf-tcp-max-reconnect': '1'}, '"gelf-tcp-max-reconnect" is only valid for TCP'],
  [
    'gelf',
    {'gelf-address': 'tcp://127.0.0.1:1', 'gelf-tcp-max-reconnect': '-1'},
    '"gelf-tcp-max-reconnect" must be a positive integer',
  ],
  ['journald', {x: '1'}, `unknown log opt 'x' for journald log driver`],
  ['splunk', {x: '1'}, `unknown log opt 'x' for splunk log driver`],
  ['etwlogs', {}, 'error looking up logging plugin etwlogs: plugin "etwlogs" not found'],
  ['awslogs', {}, 'logging driver "awslogs" is not supported'],
];

for (const [driver, options, message] of refused) {
  test(`refused at create: ${driver} ${JSON.stringify(options)}`, t => {
    t.is(t.throws(() => verifyLogOptions(driver, options)).message, message);
  });
}

const splunk = {'splunk-url': 'http://127.0.0.1:9', 'splunk-token': 't'};
const atStart: [parse: (options: LogOptions) => unknown, options: LogOptions, message: string][] = [
  [parseJsonLogOptions, {'max-file': '0', 'max-size': '1k'}, 'max-file cannot be less than 1'],
  [parseJsonLogOptions, {'max-size': '0'}, 'max-size must be a positive number'],
  [parseJsonLogOptions, {'max-size': '-1'}, `invalid size: '-1'`],
  [
    parseJsonLogOptions,
    {compress: 'true'},
    'compress cannot be true when max-file is less than 2 or max-size is not set',
  ],
  [parseLocalLogOptions, {'max-file': '1'}, 'compression cannot be enabled when max file count is 1'],
  [parseLocalLogOptions, {'max-size': 'x'}, `invalid value for max-size: x: invalid size: 'x'`],
  [parseLocalLogOptions, {'max-file': 'x'}, 'invalid value for max-file: x: strconv.Atoi: parsing "x": invalid syntax'],
  [
    parseLocalLogOptions,
    {compress: 'maybe'},
    'error reading compress log option: strconv.ParseBool: parsing "maybe": invalid syntax',
  ],
  [parseSplunkOptions, {}, 'splunk: splunk-url is expected'],
  [parseSplunkOptions, {'splunk-url': 'http://127.0.0.1:9'}, 'splunk: splunk-token is expected'],
  [
    parseSplunkOptions,
    {...splunk, 'splunk-url': 'http://127.0.0.1:9/x/'},
    'splunk: expected format scheme://dns_name_or_ip:port for splunk-url',
  ],
  [
    parseSplunkOptions,
    {...splunk, 'splunk-gzip-level': '99'},
    `not supported level '99' for splunk-gzip-level (supported values between -1 and 9)`,
  ],
];

for (const [parse, options, message] of atStart) {
  test(`refused at the start: ${parse.name} ${JSON.stringify(options)}`, t => {
    t.is(t.throws(() => parse(options)).message, message);
  });
}

test('sizes of files count in powers of 1000, and max-file alone is allowed', t => {
  t.deepEqual(parseJsonLogOptions({'max-size': '10k', 'max-file': '3'}), {
    maximumSize: 10_000,
    maximumFiles: 3,
    compress: false,
  });
  t.is(parseJsonLogOptions({'max-file': '2'}).maximumSize, undefined);
});

test('the cache has the limits of local, and can be switched off', t => {
  t.deepEqual(parseCacheOptions({}), {maximumSize: 20 * 1024 * 1024, maximumFiles: 5, compress: true});
  t.is(parseCacheOptions({'cache-disabled': 'true'}), undefined);
  t.deepEqual(parseCacheOptions({'cache-max-size': '1m', 'cache-max-file': '2', 'cache-compress': 'false'}), {
    maximumSize: 1_000_000,
    maximumFiles: 2,
    compress: false,
  });
});

test('what addresses mean', t => {
  t.deepEqual(parseSyslogOptions({'syslog-address': 'udp://[::1]'}).address, {protocol: 'udp', host: '::1', port: 514});
  t.deepEqual(parseSyslogOptions({'syslog-address': 'unixgram:///dev/log'}).address, {
    protocol: 'unixgram',
    path: '/dev/log',
  });
  t.deepEqual(parseFluentdOptions({}).address, {protocol: 'tcp', host: '127.0.0.1', port: 24_224});
  t.deepEqual(parseFluentdOptions({'fluentd-address': 'unix:///run/f.sock'}).address, {
    protocol: 'unix',
    path: '/run/f.sock',
  });
  t.deepEqual(parseFluentdOptions({'fluentd-address': 'tls://host:1'}).address, {
    protocol: 'tls',
    host: 'host',
    port: 1,
  });
  t.is(parseGelfOptions({'gelf-address': udp}).port, 1);
});
