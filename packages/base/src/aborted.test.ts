import test from 'ava';
import {aborted} from './index.ts';

test('an abort counts before and after the wait has begun', async t => {
  const controller = new AbortController();
  const later = aborted(controller.signal);
  controller.abort();
  await later;
  await aborted(controller.signal);
  t.pass();
});
