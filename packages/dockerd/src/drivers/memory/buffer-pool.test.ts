import test from 'ava';
import {BufferPool} from './buffer-pool.ts';

test('a buffer that was given back is used again, whole, and no other', t => {
  const pool = new BufferPool(4096, 1);
  const [one, two] = [pool.take(), pool.take()];
  t.not(one.buffer, two.buffer);
  pool.give(one.subarray(10, 20));
  pool.give(two);
  pool.give(Buffer.allocUnsafeSlow(100));
  const again = pool.take();
  t.is(again.buffer, one.buffer);
  t.is(again.length, 4096);
  t.not(pool.take().buffer, two.buffer);
});
