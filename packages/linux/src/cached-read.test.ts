import {closeSync, openSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {isErrno, readCached} from './index.ts';
import {tempDir} from './test-support.ts';

test('what was just written is in the page cache, or the file system does not tell', t => {
  const path = join(tempDir(t), 'file');
  writeFileSync(path, Buffer.from(Array.from({length: 100_000}, (_, i) => i % 251)));
  const content = readFileSync(path);
  const fd = openSync(path, 'r');
  t.teardown(() => closeSync(fd));
  const buffer = Buffer.alloc(50_000);
  const count = readCached(fd, buffer, 70_001);
  if (count === undefined) {
    t.pass();
    return;
  }
  t.is(count, 29_999);
  t.true(buffer.subarray(0, count).equals(content.subarray(70_001)));
  t.is(readCached(fd, buffer, 100_000), 0);
});

test('what cannot be read at all is an error', t => {
  t.true(
    isErrno(
      t.throws(() => readCached(987_654, Buffer.alloc(1), 0)),
      'EBADF',
    ),
  );
});
