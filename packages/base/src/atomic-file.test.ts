import {mkdtempSync, readdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {readFileIfExists, readJsonIfExists, removeTemporaries, writeFileAtomic} from './index.ts';

function tempDir(t: {teardown(fn: () => void): void}): string {
  const dir = mkdtempSync(join(tmpdir(), 'ls-base-'));
  t.teardown(() => rmSync(dir, {recursive: true}));
  return dir;
}

test('a file is replaced whole, with its mode, and nothing is left beside it', async t => {
  const dir = tempDir(t);
  await writeFileAtomic(join(dir, 'a'), 'one');
  await writeFileAtomic(join(dir, 'a'), 'two', {mode: 0o640, durable: false});
  t.is(await readFileIfExists(join(dir, 'a')), 'two');
  t.is(statSync(join(dir, 'a')).mode & 0o777, 0o640);
  t.deepEqual(readdirSync(dir), ['a']);
});

test('a failed write leaves the old file and no temporary', async t => {
  const dir = tempDir(t);
  await t.throwsAsync(writeFileAtomic(join(dir, 'none', 'a'), 'x'), {code: 'ENOENT'});
  t.deepEqual(readdirSync(dir), []);
});

test('what a killed writer left is removed, other hidden files are not', async t => {
  const dir = tempDir(t);
  writeFileSync(join(dir, '.a.tmp-0123'), 'half');
  writeFileSync(join(dir, '.keep'), '');
  await removeTemporaries(dir);
  t.deepEqual(readdirSync(dir), ['.keep']);
});

test('an absent file is undefined, a damaged JSON file an error', async t => {
  const dir = tempDir(t);
  t.is(await readFileIfExists(join(dir, 'x')), undefined);
  t.is(await readJsonIfExists(join(dir, 'x')), undefined);
  writeFileSync(join(dir, 'x'), '{"a":');
  await t.throwsAsync(readJsonIfExists(join(dir, 'x')), {instanceOf: SyntaxError});
});
