import test from 'ava';
import {createLogger, type LogFormat} from './index.ts';

const now = () => new Date('2026-11-21T00:00:00Z');

function capture(format: LogFormat) {
  const lines: string[] = [];
  return {lines, log: createLogger({format, now, level: 'info', write: line => lines.push(line)})};
}

test('text lines quote what needs it and show an error with its causes once', t => {
  const {lines, log} = capture('text');
  log
    .child({container: 'abc'})
    .warn({error: new Error('cannot mount', {cause: new Error('busy')}), n: 1n}, 'start failed');
  log.debug({}, 'not shown');
  t.deepEqual(lines, [
    'time="2026-11-21T00:00:00.000Z" level=warning msg="start failed" container=abc error="cannot mount: busy" n=1\n',
  ]);
});

test('JSON lines parse, whatever the fields hold', t => {
  const {lines, log} = capture('json');
  log.error({error: new Error('bad "thing"'), size: 5n, list: [1]}, 'failed');
  t.deepEqual(JSON.parse(lines[0]!), {
    error: 'bad "thing"',
    size: '5',
    list: [1],
    level: 'error',
    msg: 'failed',
    time: '2026-11-21T00:00:00.000Z',
  });
});

test('setLevel reaches children that exist already', t => {
  const {lines, log} = capture('text');
  const child = log.child({});
  log.setLevel('debug');
  child.debug({}, 'now shown');
  t.is(lines.length, 1);
  t.true(child.isEnabled('debug'));
});
