/** Writes and deletes blobs until it is killed, telling each commit once it is durable. */
import {randomBytes} from 'node:crypto';
import {writeSync} from 'node:fs';
import {join} from 'node:path';
import {callContext} from '@longshore/base';
import {Content} from '../core/content/content.ts';
import {openBlobFiles} from '../drivers/content-fs/blob-files.ts';
import {openMetadataStore} from '../drivers/metadata-db/metadata-store.ts';

const directory = process.argv[2] as string;
const ctx = callContext({namespace: 'test'});
const metadata = openMetadataStore(join(directory, 'metadata'));
const files = await openBlobFiles(join(directory, 'content'));
const collector = {removed() {}, mutated() {}, async collect() {}};
const content = new Content({metadata, files, events: {publish() {}}, collector});
const kept: string[] = [];

writeSync(1, 'started\n');
for (let count = 0; ; count++) {
  await using writer = await content.openWriter(ctx, {ref: `ref-${process.pid}-${count}`});
  await writer.write(randomBytes(20_000 + count));
  const {digest} = await writer.commit(ctx);
  if (count % 3 > 0) {
    writeSync(1, `${digest}\n`);
    continue;
  }
  // Never reported, so it may be there or not: deleting has to leave record and file or neither.
  kept.push(digest);
  if (kept.length < 3) continue;
  await content.delete(ctx, kept.shift() as string);
  await content.removeReleased();
}
