import {readdirSync, readlinkSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {codeOf} from '@longshore/errdefs';
import test, {type ExecutionContext} from 'ava';
import {tempDir} from '../../test-support/store.ts';
import {OpenBlobs} from './open-blobs.ts';

function openFiles(path: string): number {
  const links = readdirSync('/proc/self/fd').map(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return links.filter(link => link.startsWith(path)).length;
}

async function untilOpen(t: ExecutionContext, path: string, count: number): Promise<void> {
  for (let i = 0; i < 200 && openFiles(path) !== count; i++) await delay(10);
  t.is(openFiles(path), count);
}

test('readers share a file, which is closed a moment after the last of them', async t => {
  const path = join(tempDir(t), 'blob');
  writeFileSync(path, 'content');
  const blobs = new OpenBlobs();
  {
    using one = await blobs.open(path, 'd');
    using two = await blobs.open(path, 'd');
    t.is(one.file, two.file);
    t.is((await two.file.read(Buffer.alloc(10), 0, 10, 0)).bytesRead, 7);
    t.is(openFiles(path), 1);
  }
  await untilOpen(t, path, 0);
});

test('a removed blob keeps no space, but who reads it reads on', async t => {
  const path = join(tempDir(t), 'blob');
  writeFileSync(path, 'content');
  const blobs = new OpenBlobs();
  {
    using reader = await blobs.open(path, 'd');
    blobs.forget(path);
    rmSync(path);
    t.is((await reader.file.read(Buffer.alloc(10), 0, 10, 0)).bytesRead, 7);
    t.is(codeOf(await t.throwsAsync(blobs.open(path, 'sha256:d'))), 'not-found');
  }
  await untilOpen(t, path, 0);
  {
    writeFileSync(path, 'again');
    using _reader = await blobs.open(path, 'd');
  }
  blobs.forget(path);
  await untilOpen(t, path, 0);
});
