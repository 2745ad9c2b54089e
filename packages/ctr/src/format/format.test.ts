import test from 'ava';
import {sizeText} from './size.ts';
import {labelText, openTable, table, wide} from './table.ts';

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
