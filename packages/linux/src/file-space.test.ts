import {closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {closeFd, dropCached, O_NONBLOCK, pipe, punchHole, spliceToFile, writeFd} from './index.ts';

test('pipe data moves into a file at its offset, and its blocks can be given back', t => {
  const dir = mkdtempSync(join(tmpdir(), 'ls-space-'));
  t.teardown(() => rmSync(dir, {recursive: true}));
  const path = join(dir, 'spool');
  const file = openSync(path, 'w+');
  const {read, write} = pipe(O_NONBLOCK);
  t.is(spliceToFile(read, file, 0, 4096), undefined);
  writeFd(write, Buffer.alloc(8192, 'a'));
  t.is(spliceToFile(read, file, 4096, 1 << 20), 8192);
  closeFd(write);
  t.is(spliceToFile(read, file, 12_288, 1 << 20), 0);
  const before = fstatSync(file).blocks;
  punchHole(file, 0, 8192);
  t.true(fstatSync(file).blocks < before);
  t.is(readFileSync(path).toString('latin1'), `${'\0'.repeat(8192)}${'a'.repeat(4096)}`);
  closeFd(read);
  closeSync(file);
});

test('a file whose cache is dropped stays as it is', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'ls-cache-'));
  t.teardown(() => rmSync(dir, {recursive: true}));
  const path = join(dir, 'log');
  const file = openSync(path, 'a');
  const content = Buffer.alloc(100_000, 'x');
  writeSync(file, content);
  await dropCached(file, 0, content.length);
  writeSync(file, 'end');
  await dropCached(file, 0, content.length);
  closeSync(file);
  t.is(readFileSync(path, 'latin1'), `${content}end`);
});
