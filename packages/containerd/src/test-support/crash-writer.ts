/**
 * Pulls and deletes images until it is killed: blobs under a lease, the image, the end of the lease, a collection. It
 * tells each image once it is durable, and each that it is about to delete.
 */
import {randomBytes} from 'node:crypto';
import {writeSync} from 'node:fs';
import {join} from 'node:path';
import {callContext, discardLogger} from '@longshore/base';
import {Content} from '../core/content/content.ts';
import {collectGarbage} from '../core/gc/collector.ts';
import {Images} from '../core/images/images.ts';
import {Leases} from '../core/leases/leases.ts';
import type {Labels} from '../core/names.ts';
import {openBlobFiles} from '../drivers/content-fs/blob-files.ts';
import {openMetadataStore} from '../drivers/metadata-db/metadata-store.ts';

const directory = process.argv[2] as string;
const metadata = openMetadataStore(join(directory, 'metadata'));
const files = await openBlobFiles(join(directory, 'content'));
const collector = {removed() {}, mutated() {}, async collect() {}};
const events = {publish() {}};
const content = new Content({metadata, files, events, collector});
const images = new Images(metadata, events, collector);
const leases = new Leases(metadata, collector);
const plain = callContext({namespace: 'test'});

async function put(lease: string, size: number, labels: Labels): Promise<{digest: string; size: number}> {
  const ctx = callContext({namespace: 'test', lease});
  await using writer = await content.openWriter(ctx, {ref: `${lease}-${size}`});
  await writer.write(randomBytes(size));
  return await writer.commit(ctx, {labels});
}

writeSync(1, 'started\n');
for (let count = 0; ; count++) {
  const name = `image-${process.pid}-${count}`;
  const {id: lease} = await leases.create(plain, '', {});
  const layers = [await put(lease, 3000 + count, {}), await put(lease, 60_000 + count, {})];
  const references = layers.map(({digest}, index) => [`containerd.io/gc.ref.content.l.${index}`, digest]);
  const {digest, size} = await put(lease, 500, Object.fromEntries(references));
  await images.create(plain, {name, labels: {}, target: {mediaType: 'm', digest, size, annotations: {}}});
  writeSync(1, `+${name}\n`);
  await leases.delete(plain, lease, false);
  if (count % 3 === 2) {
    writeSync(1, `-image-${process.pid}-${count - 1}\n`);
    await images.delete(plain, `image-${process.pid}-${count - 1}`);
  }
  await collectGarbage({metadata, content, snapshotters: [], events, log: discardLogger()});
}
