import test from 'ava';
import {recordsOf, singleRecord} from '../../core/logs/record-batch.ts';
import type {LogWriter} from '../../core/ports/log-driver.ts';
import {RingWriter} from './ring-writer.ts';

function slowWriter() {
  const got: string[] = [];
  const positions: number[] = [];
  let release = () => {};
  const writer: LogWriter = {
    append(_stream, batch, position) {
      got.push(...recordsOf(batch).map(String));
      positions.push(position);
    },
    backlog: 1024 * 1024,
    flushed: () =>
      new Promise(resolve => {
        release = resolve;
      }),
    async close() {},
  };
  return {writer, got, positions, release: () => release()};
}

const next = () => new Promise(resolve => setImmediate(resolve));

test('nobody waits, and what does not fit is dropped', async t => {
  const {writer, got, positions, release} = slowWriter();
  const ring = new RingWriter(writer, 10);
  ring.append('stdout', {data: Buffer.from('aaaa\nbbbb\ncccc\n'), start: 0, ends: [5, 10, 15]}, 15);
  t.is(ring.backlog, 0);
  t.is(ring.dropped, 1);
  await next();
  for (let i = 0; i < 2; i++) {
    release();
    await next();
  }
  t.deepEqual(got, ['aaaa\n', 'bbbb\n']);
  t.deepEqual(positions, [5, 10]);
  ring.append('stdout', singleRecord(Buffer.from('far too large for the buffer\n')), 44);
  await next();
  release();
  await next();
  t.is(got.at(-1), 'far too large for the buffer\n');
});
