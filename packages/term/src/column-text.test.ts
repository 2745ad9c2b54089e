import test from 'ava';
import {alignColumns, dockerColumns} from './column-text.ts';

test('columns are at least ten wide and three apart', t => {
  const text = 'CONTAINER ID\tPORTS\tNAMES\n9e00a67b24aa\t\tshare1\n';
  t.is(alignColumns(text, dockerColumns), 'CONTAINER ID   PORTS     NAMES\n9e00a67b24aa             share1\n');
});

test('a wide cell widens its column only among neighbouring lines', t => {
  t.is(
    alignColumns('a\tb\nlonger-than-ten\tb\n\nx\ty\n', dockerColumns),
    'a                 b\nlonger-than-ten   b\n\nx         y\n',
  );
});

test('the last cell of a line takes part in no column', t => {
  t.is(
    alignColumns('a\tb\tc\nonly-one-very-long-cell\nd\te\tf\n', dockerColumns).split('\n')[0],
    'a         b         c',
  );
});

test('width counts characters, not bytes', t => {
  t.is(alignColumns('"ec…"\tx\n"plain"\ty\n', {...dockerColumns, minWidth: 0}), '"ec…"     x\n"plain"   y\n');
});

test('tabs fill up to tab stops', t => {
  const columns = {minWidth: 1, tabWidth: 8, padding: 1, fill: '\t'} as const;
  t.is(
    alignColumns('DIGEST\tSIZE\tAGE\nsha256:0123456789\t300B\t27 seconds\n', columns).split('\n')[0],
    'DIGEST\t\t\tSIZE\tAGE',
  );
});
