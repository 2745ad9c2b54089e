import {rmSync, writeFileSync} from 'node:fs';
import test from 'ava';
import {IN_CLOSE_WRITE, IN_CREATE, IN_DELETE, IN_IGNORED, IN_MODIFY, type PathEvent, watchPath} from './index.ts';
import {tempDir} from './test-support.ts';

test('what happens in a directory is told by name, until the watch ends', async t => {
  const dir = tempDir(t);
  const events: PathEvent[] = [];
  const watch = watchPath(dir, IN_CREATE | IN_CLOSE_WRITE | IN_DELETE, event => events.push(event));
  const until = async (count: number) => {
    for (let i = 0; i < 500 && events.length < count; i++) await new Promise(resolve => setTimeout(resolve, 10));
  };
  writeFileSync(`${dir}/a-file`, 'x');
  await until(2);
  t.deepEqual(events.splice(0), [
    {mask: IN_CREATE, name: 'a-file'},
    {mask: IN_CLOSE_WRITE, name: 'a-file'},
  ]);
  for (let i = 0; i < 300; i++) writeFileSync(`${dir}/many-${i}`, '');
  await until(600);
  t.is(events.length, 600);
  watch[Symbol.dispose]();
  writeFileSync(`${dir}/later`, '');
  await new Promise(resolve => setTimeout(resolve, 30));
  t.is(events.length, 600);
});

test('the end of a watched file is told', async t => {
  const file = `${tempDir(t)}/file`;
  t.throws(() => watchPath(file, IN_MODIFY, () => {}), {code: 'not-found'});
  writeFileSync(file, '');
  const ended = Promise.withResolvers<void>();
  using watch = watchPath(file, IN_MODIFY, event => (event.mask & IN_IGNORED) !== 0 && ended.resolve());
  t.truthy(watch);
  rmSync(file);
  await ended.promise;
});
