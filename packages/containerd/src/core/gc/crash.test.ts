import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import {discardLogger} from '@longshore/base';
import test, {type ExecutionContext} from 'ava';
import {openBlobFiles} from '../../drivers/content-fs/blob-files.ts';
import {openMetadataStore} from '../../drivers/metadata-db/metadata-store.ts';
import {countTriggers, recordEvents, tempDir} from '../../test-support/store.ts';
import {Content} from '../content/content.ts';
import {collectGarbage} from './collector.ts';
import {labelReferences} from './references.ts';

/** More take longer; LONGSHORE_CRASH_ROUNDS=200 is for those who doubt. */
const rounds = Number(process.env.LONGSHORE_CRASH_ROUNDS ?? 30);

test('killed at any instant of a pull, a delete or a sweep, the store is whole at the next start', async t => {
  t.timeout(rounds * 3000);
  const directory = tempDir(t);
  const expected = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    for (const line of await writeUntilKilled(directory, 30 + ((round * 37) % 150))) {
      if (line.startsWith('+')) expected.add(line.slice(1));
      else if (line.startsWith('-')) expected.delete(line.slice(1));
    }
    await checkStore(t, directory, expected);
  }
  t.true(expected.size > rounds / 2, `only ${expected.size} images were made`);
});

async function writeUntilKilled(directory: string, milliseconds: number): Promise<string[]> {
  const writer = join(import.meta.dirname, '../../test-support/crash-writer.ts');
  const child = spawn(process.execPath, ['--no-warnings', writer, directory], {stdio: ['ignore', 'pipe', 'inherit']});
  let output = '';
  child.stdout.on('data', chunk => (output += chunk));
  await once(child.stdout, 'data');
  await new Promise(resolve => setTimeout(resolve, milliseconds));
  child.kill('SIGKILL');
  await once(child, 'close');
  return output.split('\n');
}

/** Every image that was reported is whole; after a collection, what has a record has a file and the other way round. */
async function checkStore(t: ExecutionContext, directory: string, expected: ReadonlySet<string>): Promise<void> {
  using metadata = openMetadataStore(join(directory, 'metadata'));
  const files = await openBlobFiles(join(directory, 'content'));
  const events = recordEvents();
  const content = new Content({metadata, files, events, collector: countTriggers()});
  await content.removeOrphans();
  for (const lease of metadata.leases.list('test')) metadata.leases.delete('test', lease.id);
  await collectGarbage({metadata, content, snapshotters: [], events, log: discardLogger()});
  const images = metadata.images.list('test');
  const names = new Set(images.map(image => image.name));
  for (const name of expected) t.true(names.has(name), `${name} was reported and is gone`);
  const reached = new Set<string>();
  for (const {name, target} of images) {
    const manifest = metadata.blobs.get('test', target.digest);
    if (!manifest) return t.fail(`${name} has lost its manifest`);
    for (const digest of [target.digest, ...labelReferences('test', manifest.labels).map(node => node.key)]) {
      reached.add(digest);
      t.truthy(metadata.blobs.get('test', digest), `${name} has lost ${digest}`);
    }
  }
  t.deepEqual((await Array.fromAsync(files.listBlobs())).sort(), [...reached].sort());
  t.deepEqual(
    metadata.blobs.list('test').map(blob => blob.digest),
    [...reached].sort(),
  );
}
