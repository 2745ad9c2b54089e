import test from 'ava';
import {goJson, parseExactJson, parseSignal, reindentJson} from './index.ts';

test('64-bit integers survive', t => {
  const text = '{"timeNano":1795228240166436028,"limit":9223372036854771712,"f":1.5}';
  t.is(goJson(parseExactJson(text)), text);
});

test('html characters are escaped on request', t => {
  t.is(
    goJson({Ports: '0.0.0.0:80->80/tcp & <x>'}, {escapeHtml: true}),
    '{"Ports":"0.0.0.0:80-\\u003e80/tcp \\u0026 \\u003cx\\u003e"}',
  );
  t.is(goJson({a: '<'}), '{"a":"<"}');
});

test('keys are sorted on request, also inside', t => {
  t.is(goJson({b: 1, a: {d: [], c: null}}, {sortKeys: true}), '{"a":{"c":null,"d":[]},"b":1}');
});

test('indented as MarshalIndent does', t => {
  t.is(
    goJson({a: [], b: {}, c: [1, {d: null}]}, {indent: '  '}),
    '{\n  "a": [],\n  "b": {},\n  "c": [\n    1,\n    {\n      "d": null\n    }\n  ]\n}',
  );
});

test('re-indenting keeps numbers and escapes as they came', t => {
  t.is(
    reindentJson('{"a":"\\u003c\\" {","n":9223372036854771712,"e":{},"l":[1,\n2]}', '    '),
    '{\n    "a": "\\u003c\\" {",\n    "n": 9223372036854771712,\n    "e": {},\n    "l": [\n        1,\n        2\n    ]\n}',
  );
});

test('signals by any of their names', t => {
  for (const name of ['TERM', 'SIGTERM', 'sigterm', '15']) t.is(parseSignal(name), 15);
  t.is(parseSignal('RTMIN+3'), 37);
  t.is(t.throws(() => parseSignal('BOGUS')).message, 'unknown signal "BOGUS"');
});
