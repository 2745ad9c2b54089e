import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {parseStreamUri} from './stdio-uri.ts';

test('the forms of a stream', t => {
  t.deepEqual(parseStreamUri(''), {kind: 'null'});
  t.deepEqual(parseStreamUri('/run/a?b%20c'), {kind: 'path', path: '/run/a?b%20c'}, 'a path is no URI');
  t.deepEqual(parseStreamUri('fifo:///run/a'), {kind: 'path', path: '/run/a'});
  t.deepEqual(parseStreamUri('file:///var/log/a%20b'), {kind: 'file', path: '/var/log/a b'});
  t.deepEqual(parseStreamUri('binary:///bin/log?id=1&verbose&x=a%2Fb'), {
    kind: 'binary',
    path: '/bin/log',
    args: ['id', '1', 'verbose', 'x', 'a/b'],
  });
  for (const uri of ['ttrpc+unix:///run/s?streaming_id=c-stdout', 'grpc+unix:////run/s?streaming_id=c-stdout'])
    t.deepEqual(parseStreamUri(uri), {kind: 'stream', address: '/run/s', id: 'c-stdout'});
});

test('what is refused', t => {
  t.is(codeOf(t.throws(() => parseStreamUri('streaming://x'))), 'invalid-argument');
  t.is(codeOf(t.throws(() => parseStreamUri('vsock:///x'))), 'unimplemented');
  t.is(codeOf(t.throws(() => parseStreamUri('ttrpc+vsock://2:1024?streaming_id=a'))), 'unimplemented');
  t.is(codeOf(t.throws(() => parseStreamUri('ttrpc+unix:///run/s'))), 'invalid-argument');
  t.is(codeOf(t.throws(() => parseStreamUri('relative/path'))), 'invalid-argument');
  t.is(codeOf(t.throws(() => parseStreamUri('file://host'))), 'invalid-argument');
});
