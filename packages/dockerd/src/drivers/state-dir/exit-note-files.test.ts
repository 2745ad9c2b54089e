import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {ExitNoteFiles} from './exit-note-files.ts';

test('an exit is found again by the process that it is of, and by no other', t => {
  const directory = mkdtempSync(join(tmpdir(), 'exits-'));
  t.teardown(() => rmSync(directory, {recursive: true, force: true}));
  const path = join(directory, 'exits');
  const notes = new ExitNoteFiles(path);
  t.is(notes.read('c', 5), undefined);
  notes.write('c', {pid: 5, exitCode: 33, exitedAt: 1_700_000_000_123_456_789n});
  t.deepEqual(new ExitNoteFiles(path).read('c', 5), {exitCode: 33, exitedAt: 1_700_000_000_123_456_789n});
  t.is(notes.read('c', 6), undefined);
  notes.remove('c');
  notes.remove('c');
  t.is(notes.read('c', 5), undefined);
  writeFileSync(join(path, 'c'), 'nonsense');
  t.is(notes.read('c', 5), undefined);
});
