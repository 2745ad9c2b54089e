import test from 'ava';
import {sizeText} from './size.ts';
import {labelText, openTable, sortedMap, table, timeText, wide} from './table.ts';

test('sizes have one decimal and a space', t => {
  t.deepEqual([385, 8192, 2_130_706, 3 * 1024 ** 3].map(sizeText), ['385.0 B', '8.0 KiB', '2.0 MiB', '3.0 GiB']);
});

test('tables as ctr 2.1.9 printed them', t => {
  t.is(
    openTable(
      [
        ['TASK', 'PID', 'STATUS'],
        ['t2', '20612', 'RUNNING'],
      ],
      wide,
    ),
    'TASK    PID      STATUS    \nt2      20612    RUNNING\n',
  );
  t.is(
    table(
      [
        ['CONTAINER', 'RUNTIME'],
        ['t2', 'io.containerd.runc.v2'],
      ],
      wide,
    ),
    'CONTAINER    RUNTIME                  \nt2           io.containerd.runc.v2    \n',
  );
});

test('labels are sorted, none is a dash', t => {
  t.is(labelText({b: '2', a: '1'}), 'a=1,b=2');
  t.is(labelText({}), '-');
});

test('times have all their digits, maps the order of their keys', t => {
  t.is(timeText({seconds: 1_795_228_426n, nanos: 846_211_307}), '2026-11-21T02:33:46.846211307Z');
  t.is(timeText({seconds: 1_795_228_426n, nanos: 500_000_000}), '2026-11-21T02:33:46.5Z');
  t.is(timeText({seconds: 0n, nanos: 0}), '1970-01-01T00:00:00Z');
  t.is(timeText(undefined), undefined);
  t.deepEqual(Object.keys(sortedMap({b: 1, a: 2, 'io.x': 3})), ['a', 'b', 'io.x']);
});
