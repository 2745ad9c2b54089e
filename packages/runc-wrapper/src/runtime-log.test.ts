import {appendFileSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {lastError, lastErrorInLog, logOffset} from './runtime-log.ts';

test('the last error counts, in JSON and in text', t => {
  const json = [
    '{"level":"error","msg":"first","time":"2026-11-21T02:42:57Z"}',
    '{"level":"error","msg":"exec: \\"x\\": not found","time":"2026-11-21T02:42:58Z"}',
    '{"level":"warning","msg":"later","time":"2026-11-21T02:42:59Z"}',
    '{"level":"err', // the runtime was killed
    '',
  ];
  t.is(lastError(json.join('\n')), 'exec: "x": not found');
  t.is(lastError('time="2026-11-21T02:42:57Z" level=error msg="a \\"b\\" c" func=f\n'), 'a "b" c');
  t.is(lastError('time="2026-11-21T02:42:57Z" level=fatal msg=word\n'), 'word');
  t.is(lastError('time="x" level=error msg="bad \\xff byte"\n'), 'bad \u00ff byte');
  t.is(lastError('{"level":"warning","msg":"x"}\n'), undefined);
  t.is(lastError(''), undefined);
});

test('entries of earlier runs do not count', t => {
  const directory = mkdtempSync(join(tmpdir(), 'runtime-log-'));
  t.teardown(() => rmSync(directory, {recursive: true}));
  const path = join(directory, 'log.json');
  t.is(logOffset(path), 0);
  t.is(lastErrorInLog(path, 0), undefined);
  appendFileSync(path, '{"level":"error","msg":"old"}\n');
  const offset = logOffset(path);
  t.is(lastErrorInLog(path, offset), undefined);
  appendFileSync(path, '{"level":"error","msg":"new"}\n');
  t.is(lastErrorInLog(path, offset), 'new');
});
