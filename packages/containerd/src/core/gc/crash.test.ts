import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {callContext, discardLogger} from '@longshore/base';
import test, {type ExecutionContext} from 'ava';
import {checkRoot} from '../../drivers/check/check-root.ts';
import type {Problem} from '../../drivers/check/problem.ts';
import {openBlobFiles} from '../../drivers/content-fs/blob-files.ts';
import {openMetadataStore} from '../../drivers/metadata-db/metadata-store.ts';
import {openNative} from '../../drivers/native/open-native.ts';
import {countTriggers, recordEvents, tempDir} from '../../test-support/store.ts';
import {Content} from '../content/content.ts';
import {snapshotHooks} from '../leases/snapshot-hooks.ts';
import {collectGarbage} from './collector.ts';
import {labelReferences} from './references.ts';

const snapshotsName = 'io.containerd.snapshotter.v1.native';
const ctx = callContext({namespace: 'test'});

/** More take longer; LONGSHORE_LONG=1 is for those who doubt. */
const rounds = Number(process.env.LONGSHORE_CRASH_ROUNDS ?? (process.env.LONGSHORE_LONG === '1' ? 200 : 20));

test('killed at any instant of a pull, a commit, a delete or a sweep, the store is whole at the next start', async t => {
  t.timeout(rounds * 10_000);
  const directory = tempDir(t);
  const expected = new Set<string>();
  const left = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    for (const line of await writeUntilKilled(directory, round % 3, (round * 37) % 150)) {
      if (line.startsWith('+')) expected.add(line.slice(1));
      else if (line.startsWith('-')) expected.delete(line.slice(1));
    }
    for (const {kind} of await problemsIn(t, directory)) left.set(kind, (left.get(kind) ?? 0) + 1);
    await checkStore(t, directory, expected);
  }
  t.true(expected.size > rounds / 4, `only ${expected.size} images were made`);
  t.log(`${rounds} kills, ${expected.size} images kept, found afterwards: ${JSON.stringify(Object.fromEntries(left))}`);
});

/** Kills it some time after it has told so many things beside its start, however fast the machine is. */
async function writeUntilKilled(directory: string, told: number, milliseconds: number): Promise<string[]> {
  const writer = join(import.meta.dirname, '../../test-support/crash-writer.ts');
  const child = spawn(process.execPath, ['--no-warnings', writer, directory], {stdio: ['ignore', 'pipe', 'inherit']});
  let output = '';
  const {promise: enough, resolve} = Promise.withResolvers<void>();
  child.stdout.on('data', chunk => {
    output += chunk;
    if (output.split('\n').length > told + 1) resolve();
  });
  await Promise.race([enough, once(child, 'close')]);
  await new Promise(done => setTimeout(done, milliseconds));
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  return output.split('\n');
}

/** Every image that was reported is whole; after a collection, what has a record has a file and the other way round. */
async function checkStore(t: ExecutionContext, directory: string, expected: ReadonlySet<string>): Promise<void> {
  using metadata = openMetadataStore(join(directory, 'io.containerd.metadata.v1.sqlite'));
  const files = await openBlobFiles(join(directory, 'io.containerd.content.v1.content'));
  const events = recordEvents();
  await using snapshots = await openNative({
    root: join(directory, snapshotsName),
    database: metadata.database,
    hooks: snapshotHooks(metadata, countTriggers()),
    log: discardLogger(),
  });
  const content = new Content({metadata, files, events, collector: countTriggers()});
  await content.removeOrphans();
  for (const lease of metadata.leases.list('test')) metadata.leases.delete('test', lease.id);
  await collectGarbage({
    metadata,
    content,
    snapshotters: [snapshots],
    mounts: {async cleanUp() {}},
    events,
    log: discardLogger(),
  });
  const images = metadata.images.list('test');
  const names = new Set(images.map(image => image.name));
  for (const name of expected) t.true(names.has(name), `${name} was reported and is gone`);
  const reached = new Set<string>();
  for (const {name, target} of images) {
    const manifest = metadata.blobs.get('test', target.digest);
    if (!manifest) return t.fail(`${name} has lost its manifest`);
    const {'containerd.io/gc.ref.snapshot.native': snapshot = '', ...references} = manifest.labels;
    for (const digest of [target.digest, ...labelReferences('test', references).map(node => node.key)]) {
      reached.add(digest);
      t.truthy(metadata.blobs.get('test', digest), `${name} has lost ${digest}`);
    }
    const [view] = await snapshots.view(ctx, `look-${name}`, snapshot);
    for (const layer of ['lower', 'upper']) t.is(readFileSync(join(view?.source ?? '', layer), 'utf8'), name);
    await snapshots.remove(ctx, `look-${name}`);
  }
  t.deepEqual((await Array.fromAsync(files.listBlobs())).sort(), [...reached].sort());
  t.deepEqual(
    metadata.blobs.list('test').map(blob => blob.digest),
    [...reached].sort(),
  );
  await snapshots.cleanup(ctx);
  t.is(snapshots.listNodes().length, 2 * images.length);
  t.deepEqual(await problemsIn(t, directory), []);
}

/** What a check of the directory finds: nothing that is lost, at most garbage. */
async function problemsIn(t: ExecutionContext, directory: string): Promise<Problem[]> {
  const problems: Problem[] = [];
  const snapshotters = new Map([['native', join(directory, snapshotsName)]]);
  await checkRoot({root: directory, snapshotters, hasOwnContent: true}, problem => void problems.push(problem));
  t.deepEqual(
    problems.filter(({severity}) => severity === 'damage'),
    [],
  );
  return problems;
}
