import {readFileSync, writeFileSync} from 'node:fs';
import test from 'ava';
import {isErrno, readDirectory, readKernelFile, readKernelFileIfExists, writeKernelFile} from './index.ts';
import {tempDir} from './test-support.ts';

test('kernel files are read whole, whatever their size', t => {
  t.is(readKernelFile('/proc/sys/kernel/ostype'), 'Linux\n');
  const path = `${tempDir(t)}/large`;
  const content = 'ü'.repeat(300_000);
  writeFileSync(path, content);
  t.is(readKernelFile(path), content);
  t.is(readKernelFile('/proc/sys/kernel/ostype'), 'Linux\n', 'the buffer that was grown is not left behind');
});

test('a file that is gone is no error to those who ask so', t => {
  t.is(readKernelFileIfExists('/proc/1/none'), undefined);
  t.is(readKernelFileIfExists('/proc/999999999/stat'), undefined);
  t.throws(() => readKernelFile('/proc/999999999/stat'), {code: 'not-found'});
  t.true(
    isErrno(
      t.throws(() => readKernelFileIfExists('/proc')),
      'EISDIR',
    ),
  );
});

test('writing replaces nothing that is not there', t => {
  const path = `${tempDir(t)}/file`;
  t.throws(() => writeKernelFile(path, '1'), {code: 'not-found'});
  writeFileSync(path, '');
  writeKernelFile(path, '42');
  t.is(readFileSync(path, 'utf8'), '42');
});

test('directories are listed with the kind of each entry, also many and odd names', t => {
  const dir = tempDir(t);
  for (let i = 0; i < 2000; i++) writeFileSync(`${dir}/file-with-a-rather-long-name-${i}`, '');
  writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.of(0xff, 0x41)]), '');
  const entries = readDirectory(dir);
  t.is(entries.length, 2001);
  t.is(new Set(entries.map(entry => entry.name)).size, 2001);
  t.true(entries.every(entry => entry.kind === 'file'));
  t.true(entries.some(entry => entry.rawName.equals(Buffer.of(0xff, 0x41))));
  t.is(readDirectory('/dev').find(entry => entry.name === 'null')?.kind, 'character');
  t.throws(() => readDirectory(`${dir}/none`), {code: 'not-found'});
});
