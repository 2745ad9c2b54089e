/**
 * Pulls, unpacks and deletes images until it is killed: blobs and two snapshots under a lease, the image, the end of
 * the lease, a collection. It tells each image once it is durable, and each that it is about to delete.
 */
import {randomBytes} from 'node:crypto';
import {writeFileSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {callContext, discardLogger} from '@longshore/base';
import {Content} from '../core/content/content.ts';
import {collectGarbage} from '../core/gc/collector.ts';
import {Images} from '../core/images/images.ts';
import {Leases} from '../core/leases/leases.ts';
import {snapshotHooks} from '../core/leases/snapshot-hooks.ts';
import type {Labels} from '../core/names.ts';
import {openBlobFiles} from '../drivers/content-fs/blob-files.ts';
import {openMetadataStore} from '../drivers/metadata-db/metadata-store.ts';
import {openNative} from '../drivers/native/open-native.ts';

const directory = process.argv[2] as string;
const metadata = openMetadataStore(join(directory, 'io.containerd.metadata.v1.sqlite'));
const files = await openBlobFiles(join(directory, 'io.containerd.content.v1.content'));
const collector = {removed() {}, mutated() {}, async collect() {}};
const events = {publish() {}};
const content = new Content({metadata, files, events, collector});
const images = new Images(metadata, events, collector);
const leases = new Leases(metadata, collector);
const snapshots = await openNative({
  root: join(directory, 'io.containerd.snapshotter.v1.native'),
  database: metadata.database,
  hooks: snapshotHooks(metadata, collector),
  log: discardLogger(),
});
const plain = callContext({namespace: 'test'});

async function put(lease: string, size: number, labels: Labels): Promise<{digest: string; size: number}> {
  const ctx = callContext({namespace: 'test', lease});
  await using writer = await content.openWriter(ctx, {ref: `${lease}-${size}`});
  await writer.write(randomBytes(size));
  return await writer.commit(ctx, {labels});
}

/** Two layers, as an unpack makes them: prepared, filled, committed. Returns the name of the upper one. */
async function unpack(lease: string, image: string): Promise<string> {
  const ctx = callContext({namespace: 'test', lease});
  let parent = '';
  for (const layer of ['lower', 'upper']) {
    const [mount] = await snapshots.prepare(ctx, `extract-${image}`, parent);
    writeFileSync(join(mount?.source ?? '', layer), image);
    await snapshots.commit(ctx, `${image}-${layer}`, `extract-${image}`);
    parent = `${image}-${layer}`;
  }
  return parent;
}

writeSync(1, 'started\n');
for (let count = 0; ; count++) {
  const name = `image-${process.pid}-${count}`;
  const {id: lease} = await leases.create(plain, '', {});
  const layers = [await put(lease, 3000 + count, {}), await put(lease, 60_000 + count, {})];
  const references = layers.map(({digest}, index) => [`containerd.io/gc.ref.content.l.${index}`, digest]);
  const snapshot = await unpack(lease, name);
  const labels = {...Object.fromEntries(references), 'containerd.io/gc.ref.snapshot.native': snapshot};
  const {digest, size} = await put(lease, 500, labels);
  await images.create(plain, {name, labels: {}, target: {mediaType: 'm', digest, size, annotations: {}}});
  writeSync(1, `+${name}\n`);
  await leases.delete(plain, lease, false);
  if (count % 3 === 2) {
    writeSync(1, `-image-${process.pid}-${count - 1}\n`);
    await images.delete(plain, `image-${process.pid}-${count - 1}`);
  }
  await collectGarbage({
    metadata,
    content,
    snapshotters: [snapshots],
    mounts: {async cleanUp() {}},
    events,
    log: discardLogger(),
  });
}
