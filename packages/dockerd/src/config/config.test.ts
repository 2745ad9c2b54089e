/** Flags and daemon.json: what is taken, what is refused, and in which words. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {parseFlags} from './flags.ts';
import {helpText} from './help.ts';
import {checkConfig, loadConfig} from './load.ts';
import {type Option, optionTable} from './option-table.ts';
import {outcomes} from './outcomes.testing.ts';

function temporaryDirectory(t: ExecutionContext): string {
  const directory = mkdtempSync('/tmp/ls-config-');
  t.teardown(() => rmSync(directory, {recursive: true}));
  return directory;
}

function load(argv: string[], file = '{}') {
  return checkConfig(parseFlags(argv), file === '{}' ? undefined : file, '/daemon.json');
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
    '{"hosts":["unix:///a"],"log-opts":{"max-size":"1m","max-file":"3"},"default-shm-size":"128M","live-restore":true,' +
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

for (const [i, {argv, file, expected}] of outcomes.entries()) {
  test(`outcome ${i + 1}: ${argv.join(' ')} ${file}`, async t => {
    const path = join(temporaryDirectory(t), 'daemon.json');
    if (file !== '') writeFileSync(path, file);
    const load = async () => loadConfig(file === '' ? argv : [...argv, '--config-file', path]);
    if (expected === 'ok') await t.notThrowsAsync(load);
    else t.true((await t.throwsAsync(load)).message.includes(expected), `expected: ${expected}`);
  });
}

test('the table is as long as it should be', t => {
  t.true(outcomes.length >= 150, String(outcomes.length));
});

test('every option is in the help, once', t => {
  const help = helpText();
  for (const {flag, hidden} of Object.values(optionTable) as Option[]) {
    if (flag === '' || hidden) continue;
    t.is(help.split('\n').filter(line => line.slice(6).startsWith(`--${flag} `)).length, 1, flag);
  }
});
