import test from 'ava';
import {goJson} from './go-json.ts';
import {logLine} from './log.ts';
import {table} from './table.ts';

const now = new Date('2026-11-21T02:42:56.789Z');

test('log lines in both forms', t => {
  t.is(
    logLine('text', 'error', 'container does not exist', now),
    'time="2026-11-21T02:42:56Z" level=error msg="container does not exist"\n',
  );
  t.is(logLine('text', 'error', 'a "b"', now), 'time="2026-11-21T02:42:56Z" level=error msg="a \\"b\\""\n');
  t.is(logLine('text', 'warning', 'word', now), 'time="2026-11-21T02:42:56Z" level=warning msg=word\n');
  t.is(logLine('json', 'error', 'x', now), '{"level":"error","msg":"x","time":"2026-11-21T02:42:56Z"}\n');
});

test('the table of list, as recorded from runc', t => {
  const header = ['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER'];
  t.is(table([header], 12, 3), 'ID          PID         STATUS      BUNDLE      CREATED     OWNER\n');
  t.is(
    table([header, ['c1', '94', 'created', '/ref/bundle', '2026-11-21T02:42:56.230607025Z', 'root']], 12, 3),
    'ID          PID         STATUS      BUNDLE        CREATED                          OWNER\n' +
      'c1          94          created     /ref/bundle   2026-11-21T02:42:56.230607025Z   root\n',
  );
});

test('JSON escapes what Go escapes', t => {
  t.is(goJson({a: '<&>\u2028'}), '{"a":"\\u003c\\u0026\\u003e\\u2028"}');
});
