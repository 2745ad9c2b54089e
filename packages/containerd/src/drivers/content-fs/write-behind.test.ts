import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import type {FileHandle} from 'node:fs/promises';
import {open} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {codeOf} from '@longshore/errdefs';
import test, {type ExecutionContext} from 'ava';
import {WriteBehind} from './write-behind.ts';

async function openFile(t: ExecutionContext): Promise<{file: FileHandle; path: string}> {
  const directory = mkdtempSync(join(tmpdir(), 'ls-wb-'));
  const path = join(directory, 'data');
  const file = await open(path, 'w+');
  t.teardown(async () => {
    await file.close();
    rmSync(directory, {recursive: true});
  });
  return {file, path};
}

/** A file whose writes wait until `go` is called, and then fail when `error` is set. */
function heldFile(file: FileHandle) {
  const {promise, resolve} = Promise.withResolvers<void>();
  const held = {
    written: [] as number[],
    error: undefined as Error | undefined,
    go: resolve,
    async write(data: Uint8Array, at: number, length: number, position: number) {
      await promise;
      if (held.error) throw held.error;
      held.written.push(position);
      return await file.write(data, at, Math.min(length, 100_000), position);
    },
  };
  return held;
}

test('pieces arrive in order and whole, while the writer goes on', async t => {
  const {file, path} = await openFile(t);
  const held = heldFile(file);
  const behind = new WriteBehind(held as unknown as FileHandle, path);
  const pieces = [1, 2, 3].map(value => Buffer.alloc(300_000, value));
  for (const [i, piece] of pieces.entries()) await behind.write(piece, i * 300_000);
  t.deepEqual(held.written, []);
  held.go();
  await behind.flush();
  t.true(readFileSync(path).equals(Buffer.concat(pieces)));
  t.is(held.written.length, 9);
});

test('no more than its room waits for the disk', async t => {
  const {file, path} = await openFile(t);
  const held = heldFile(file);
  const behind = new WriteBehind(held as unknown as FileHandle, path);
  const piece = Buffer.alloc(3 << 20);
  await behind.write(piece, 0);
  let isTaken = false;
  const second = behind.write(piece, piece.length).then(() => {
    isTaken = true;
  });
  await new Promise(setImmediate);
  t.false(isTaken);
  held.go();
  await second;
  t.true(isTaken);
  await behind.flush();
});

test('a failure shows with the next call, nothing is written after it, and a new beginning forgets it', async t => {
  const {file, path} = await openFile(t);
  const held = heldFile(file);
  held.error = Object.assign(new Error('full'), {code: 'ENOSPC'});
  const behind = new WriteBehind(held as unknown as FileHandle, path);
  await behind.write(Buffer.from('one'), 0);
  await behind.write(Buffer.from('two'), 3);
  held.go();
  t.is(codeOf(await t.throwsAsync(behind.flush())), 'resource-exhausted');
  held.error = undefined;
  t.is(codeOf(await t.throwsAsync(behind.write(Buffer.from('three'), 6))), 'resource-exhausted');
  await behind.settled();
  t.deepEqual(held.written, []);
  await behind.reset();
  await behind.write(Buffer.from('four'), 0);
  await behind.flush();
  t.is(readFileSync(path, 'utf8'), 'four');
});
