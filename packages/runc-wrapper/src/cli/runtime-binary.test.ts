import {chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {findRuntime} from './runtime-binary.ts';

function directories(t: {teardown(fn: () => void): void}): [string, string] {
  const root = mkdtempSync(join(tmpdir(), 'runtime-binary-'));
  t.teardown(() => rmSync(root, {recursive: true}));
  for (const name of ['a', 'b']) mkdirSync(join(root, name));
  return [join(root, 'a'), join(root, 'b')];
}

function program(path: string, content: string | Buffer = '#!/bin/sh\n'): void {
  writeFileSync(path, content);
  chmodSync(path, 0o755);
}

test('runc comes before crun, and the first directory that has it counts', t => {
  const [a, b] = directories(t);
  program(join(a, 'crun'));
  t.is(findRuntime(undefined, `${a}:${b}`), join(a, 'crun'));
  program(join(b, 'runc'));
  t.is(findRuntime(undefined, `${a}:${b}`), join(b, 'runc'));
  t.is(findRuntime('crun', `${a}:${b}`), join(a, 'crun'));
});

test('what is no program is passed over', t => {
  const [a, b] = directories(t);
  mkdirSync(join(a, 'runc'));
  writeFileSync(join(b, 'runc'), '');
  t.throws(() => findRuntime(undefined, `${a}:${b}`), {
    message: /^cannot find an OCI runtime: no runc or crun in PATH/,
  });
  t.throws(() => findRuntime(join(b, 'runc')), {message: /is no program$/});
});

test('this program is never its own runtime, by link, by path or as a copy', t => {
  const [a, b] = directories(t);
  symlinkSync(process.execPath, join(a, 'runc'));
  t.throws(() => findRuntime(undefined, a), {code: 'not-found'});
  t.throws(() => findRuntime(join(a, 'runc')), {code: 'invalid-argument'});
  program(join(b, 'runc'), compiledScript());
  copyFileSync(join(b, 'runc'), join(b, 'crun'));
  t.throws(() => findRuntime(undefined, b), {code: 'not-found'});
});

/** An ELF header, one section header, and the section names of a compiled script. */
function compiledScript(): Buffer {
  const names = Buffer.from('\0.text\0.bun\0.shstrtab\0');
  const file = Buffer.alloc(128 + names.length);
  file.write('\x7fELF\x02\x01', 0, 'latin1');
  file.writeBigUInt64LE(64n, 0x28);
  file.writeUInt16LE(64, 0x3a);
  file.writeUInt16LE(1, 0x3c);
  file.writeBigUInt64LE(128n, 64 + 0x18);
  file.writeBigUInt64LE(BigInt(names.length), 64 + 0x20);
  names.copy(file, 128);
  return file;
}
