import {createHash, randomBytes} from 'node:crypto';
import {existsSync, readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {codeOf, EngineError} from '@longshore/errdefs';
import test from 'ava';
import {openTestContent, type TestContent, testContext} from '../../test-support/store.ts';
import {parseFilters} from '../filters/filter.ts';
import {now} from '../time.ts';
import type {BlobFiles} from './files.ts';
import type {WriterOptions} from './store.ts';

const ctx = testContext();
const sha256 = (data: Uint8Array) => `sha256:${createHash('sha256').update(data).digest('hex')}`;
const hello = Buffer.from('hello');

async function store(
  {content}: TestContent,
  data: Uint8Array,
  options: Partial<WriterOptions> = {},
  where = ctx,
  labels = {},
) {
  await using writer = await content.openWriter(where, {ref: `ref-${sha256(data)}`, ...options});
  await writer.write(data);
  return await writer.commit(where, {labels});
}

async function readAll({content}: TestContent, digest: string, range = {}, where = ctx): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of content.read(where, digest, range)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

test('a blob is written, read whole and in ranges, and its file cannot be written', async t => {
  const parts = await openTestContent(t);
  const info = await store(parts, hello, {}, ctx, {a: 'b', empty: ''});
  t.is(info.digest, sha256(hello));
  t.deepEqual(info.labels, {a: 'b'});
  t.is(await readAll(parts, info.digest), 'hello');
  t.is(await readAll(parts, info.digest, {offset: 1, size: 3}), 'ell');
  t.is(await readAll(parts, info.digest, {offset: 5}), '');
  const path = await parts.content.blobPath(ctx, info.digest);
  t.is(statSync(path).mode & 0o777, 0o444);
  t.deepEqual(readdirSync(join(parts.directory, 'content/ingest')), []);
  t.deepEqual(parts.events.events, [
    {namespace: 'test', event: {topic: '/content/create', digest: info.digest, size: 5}},
  ]);
});

test('what a range has beyond the end is left out, one that begins there is refused', async t => {
  const parts = await openTestContent(t);
  const {digest} = await store(parts, hello);
  t.is(String(await readAll(parts, digest, {offset: 2, size: 4})), 'llo');
  t.is(String(await readAll(parts, digest, {offset: -1})), 'hello');
  t.is(codeOf(await t.throwsAsync(readAll(parts, digest, {size: -1}))), 'invalid-argument');
  for (const range of [{offset: 6}, {offset: 9, size: 0}]) {
    const error = await t.throwsAsync(readAll(parts, digest, range));
    t.is(codeOf(error), 'out-of-range');
    t.is(error?.message, 'read past object length 5 bytes');
  }
});

test('unknown digests are not found, malformed ones invalid', async t => {
  const {content} = await openTestContent(t);
  t.is(codeOf(await t.throwsAsync(content.info(ctx, sha256(hello)))), 'not-found');
  t.is(codeOf(await t.throwsAsync(content.info(ctx, 'sha256:../../etc/passwd'))), 'invalid-argument');
  t.is(codeOf(await t.throwsAsync(content.info(ctx, `sha512:${'a'.repeat(128)}`))), 'invalid-argument');
});

test('an ingest is resumed where it stopped', async t => {
  const {content} = await openTestContent(t);
  const first = await content.openWriter(ctx, {ref: 'r', total: 11, expected: sha256(Buffer.from('hello world'))});
  await first.write(hello);
  await first[Symbol.asyncDispose]();
  const {offset, total, expected} = await content.status(ctx, 'r');
  t.deepEqual([offset, total, expected], [5, 11, sha256(Buffer.from('hello world'))]);
  await using second = await content.openWriter(ctx, {ref: 'r'});
  t.is(second.status().offset, 5);
  t.is(second.digest(), sha256(hello));
  await second.write(Buffer.from(' world'));
  t.is((await second.commit(ctx, {size: 11})).digest, sha256(Buffer.from('hello world')));
  t.is(codeOf(await t.throwsAsync(content.status(ctx, 'r'))), 'not-found');
});

test('one writer per reference and namespace', async t => {
  const {content} = await openTestContent(t);
  await using _first = await content.openWriter(ctx, {ref: 'r'});
  const error = await t.throwsAsync(content.openWriter(ctx, {ref: 'r'}));
  t.is(codeOf(error), 'unavailable');
  t.regex(error?.message ?? '', /^ref test\/r locked for \d+\.\d+s \(since .*Z\): unavailable$/);
  await using _other = await content.openWriter(testContext('other'), {ref: 'r'});
});

test('a second writer waits for a moment for the end of the first', async t => {
  const {content} = await openTestContent(t);
  const first = await content.openWriter(ctx, {ref: 'r'});
  await first.write(hello);
  const aborted = new AbortController();
  const given = content.openWriter({...ctx, signal: aborted.signal}, {ref: 'r'});
  const second = content.openWriter(ctx, {ref: 'r'});
  aborted.abort(new Error('no more'));
  await t.throwsAsync(given, {message: 'no more'});
  const {updatedAt} = first.status();
  await first[Symbol.asyncDispose]();
  await using writer = await second;
  t.like(writer.status(), {offset: hello.length, updatedAt});
});

test('a commit with another size or digest is refused and can be corrected', async t => {
  const {content} = await openTestContent(t);
  await using writer = await content.openWriter(ctx, {ref: 'r'});
  await writer.write(hello);
  const size = await t.throwsAsync(writer.commit(ctx, {size: 4}));
  t.is(size?.message, 'unexpected commit size 5, expected 4: failed precondition');
  const digest = await t.throwsAsync(writer.commit(ctx, {expected: sha256(Buffer.from('x'))}));
  t.is(codeOf(digest), 'failed-precondition');
  t.regex(digest?.message ?? '', /^unexpected commit digest sha256:2cf2.*, expected sha256:2d71/);
  await writer.truncate(0);
  await writer.write(Buffer.from('x'));
  t.is((await writer.commit(ctx, {expected: sha256(Buffer.from('x'))})).size, 1);
});

test('a blob that exists is refused, and belongs to the lease all the same', async t => {
  const parts = await openTestContent(t);
  const {digest} = await store(parts, hello);
  parts.metadata.leases.put('test', {id: 'l', labels: {}, createdAt: now()});
  const leased = testContext('test', 'l');
  const open = parts.content.openWriter(leased, {ref: 'again', expected: digest});
  t.is(codeOf(await t.throwsAsync(open)), 'already-exists');
  t.deepEqual(parts.metadata.leaseResources.list('test', 'l'), [{type: 'content', id: digest}]);
  const error = await t.throwsAsync(store(parts, hello, {ref: 'unannounced'}));
  t.is(error?.message, `content ${digest}: already exists`);
  t.deepEqual(await parts.content.statuses(ctx), []);
});

test('an ingest under a lease is the lease resource until the blob is', async t => {
  const parts = await openTestContent(t);
  parts.metadata.leases.put('test', {id: 'l', labels: {}, createdAt: now()});
  const leased = testContext('test', 'l');
  await using writer = await parts.content.openWriter(leased, {ref: 'r'});
  t.deepEqual(parts.metadata.leaseResources.list('test', 'l'), [{type: 'ingests', id: 'r'}]);
  t.is(parts.metadata.ingests.get('test', 'r')?.expiresAt, undefined);
  await writer.write(hello);
  await writer.commit(leased);
  t.deepEqual(parts.metadata.leaseResources.list('test', 'l'), [{type: 'content', id: sha256(hello)}]);
  const gone = parts.content.openWriter(testContext('test', 'nosuch'), {ref: 'x'});
  t.is(codeOf(await t.throwsAsync(gone)), 'not-found');
});

test('a blob of another namespace needs no data, and then exists in both', async t => {
  const parts = await openTestContent(t);
  const {digest} = await store(parts, hello);
  const other = testContext('other');
  await using writer = await parts.content.openWriter(other, {ref: 'r', expected: digest});
  t.is(writer.status().offset, 5);
  await writer.commit(other, {size: 5, expected: digest});
  t.is(await readAll(parts, digest, {}, other), 'hello');
  await parts.content.delete(ctx, digest);
  await parts.content.removeReleased();
  t.is(await readAll(parts, digest, {}, other), 'hello');
  t.is(codeOf(await t.throwsAsync(readAll(parts, digest))), 'not-found');
});

test('sharing can be off, and a namespace can allow it', async t => {
  const parts = await openTestContent(t, {sharing: 'isolated'});
  const {digest} = await store(parts, hello);
  const other = testContext('other');
  const writer = await parts.content.openWriter(other, {ref: 'r', expected: digest});
  t.is(writer.status().offset, 0);
  await writer[Symbol.asyncDispose]();
  parts.metadata.namespaces.put({name: 'test', labels: {'containerd.io/namespace.shareable': 'true'}});
  await using shared = await parts.content.openWriter(other, {ref: 'r', expected: digest});
  t.is(shared.status().offset, 5);
});

test('data may be sent for a shared blob too', async t => {
  const parts = await openTestContent(t);
  const {digest} = await store(parts, hello);
  const other = testContext('other');
  await using writer = await parts.content.openWriter(other, {ref: 'r', expected: digest});
  await writer.truncate(0);
  t.is(writer.status().offset, 0);
  await writer.write(hello);
  t.is((await writer.commit(other, {expected: digest})).digest, digest);
});

test('deleting removes the record at once and the file with the next collection', async t => {
  const parts = await openTestContent(t);
  const {digest} = await store(parts, hello);
  const path = await parts.content.blobPath(ctx, digest);
  await parts.content.delete(ctx, digest);
  t.true(existsSync(path));
  await parts.content.removeReleased();
  t.false(existsSync(path));
  t.deepEqual(parts.events.events.at(-1)?.event, {topic: '/content/delete', digest});
});

test('a blob that is written again before the collection stays', async t => {
  const parts = await openTestContent(t);
  const {digest} = await store(parts, hello);
  await parts.content.delete(ctx, digest);
  await store(parts, hello);
  await parts.content.removeReleased();
  t.is(await readAll(parts, digest), 'hello');
});

test('labels are replaced, set one by one and removed by an empty value', async t => {
  const parts = await openTestContent(t);
  const {digest} = await store(parts, hello, {}, ctx, {a: '1', b: '2'});
  const {labels} = await parts.content.update(ctx, digest, {'x.y': '3', a: ''}, ['labels.x.y', 'labels.a']);
  t.deepEqual(labels, {b: '2', 'x.y': '3'});
  t.deepEqual((await parts.content.update(ctx, digest, {z: '1'}, ['labels'])).labels, {z: '1'});
  t.deepEqual((await parts.content.update(ctx, digest, {}, [])).labels, {});
  t.is(codeOf(await t.throwsAsync(parts.content.update(ctx, digest, {}, ['size']))), 'invalid-argument');
  const long = parts.content.update(ctx, digest, {k: 'v'.repeat(4096)}, []);
  t.regex(
    (await t.throwsAsync(long))?.message ?? '',
    /^label key and value length \(4097 bytes\) greater than maximum/,
  );
});

test('lists are filtered', async t => {
  const parts = await openTestContent(t);
  const {digest} = await store(parts, hello, {}, ctx, {kind: 'greeting'});
  await store(parts, Buffer.from('other'));
  const find = async (filter: string) =>
    (await Array.fromAsync(parts.content.list(ctx, parseFilters([filter])))).map(info => info.digest);
  t.deepEqual(await find('labels.kind==greeting'), [digest]);
  t.deepEqual(await find(`digest==${digest}`), [digest]);
  t.is((await find('size==5')).length, 2);
});

test('an abort leaves nothing', async t => {
  const parts = await openTestContent(t);
  const writer = await parts.content.openWriter(ctx, {ref: 'r'});
  await writer.write(hello);
  await parts.content.abort(ctx, 'r');
  await writer[Symbol.asyncDispose]();
  t.deepEqual(readdirSync(join(parts.directory, 'content/ingest')), []);
  t.is(codeOf(await t.throwsAsync(parts.content.abort(ctx, 'r'))), 'not-found');
});

test('a full disk ends an ingest with a clear error and nothing left over', async t => {
  const parts = await openTestContent(t);
  const files: BlobFiles = parts.content.files;
  const full = {
    ...files,
    async openIngest(key: string, total: number) {
      const file = await files.openIngest(key, total);
      const refuse = () => Promise.reject(new EngineError('resource-exhausted', 'no space left on device'));
      return Object.assign(Object.create(file), {
        status: () => file.status(),
        write: refuse,
        [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
      });
    },
  };
  Object.assign(parts.content, {files: full});
  const writer = await parts.content.openWriter(ctx, {ref: 'r'});
  t.is(codeOf(await t.throwsAsync(writer.write(hello))), 'resource-exhausted');
  await writer[Symbol.asyncDispose]();
  t.deepEqual(readdirSync(join(parts.directory, 'content/ingest')), []);
  t.deepEqual(parts.metadata.ingests.list('test'), []);
});

test('many writers of the same bytes agree on one blob', async t => {
  const parts = await openTestContent(t);
  const data = randomBytes(100_000);
  const results = await Promise.allSettled(
    Array.from({length: 8}, (_none, index) => store(parts, data, {ref: `r${index}`})),
  );
  t.is(results.filter(result => result.status === 'fulfilled').length, 1);
  for (const result of results) if (result.status === 'rejected') t.is(codeOf(result.reason), 'already-exists');
  t.deepEqual(readdirSync(join(parts.directory, 'content/ingest')), []);
});

test('orphans of a killed daemon are removed, what is known stays', async t => {
  const parts = await openTestContent(t);
  const {digest} = await store(parts, hello);
  const writer = await parts.content.openWriter(ctx, {ref: 'kept'});
  await writer.write(hello);
  await writer[Symbol.asyncDispose]();
  await using stray = await parts.content.files.openIngest('test/99/stray', 0);
  await stray.write(hello);
  const orphan = await parts.content.files.openIngest('test/98/orphan', 0);
  await orphan.write(Buffer.from('orphan'));
  await orphan.publish();
  await parts.content.removeOrphans();
  t.deepEqual(await Array.fromAsync(parts.content.files.listBlobs()), [digest]);
  t.is((await parts.content.status(ctx, 'kept')).offset, 5);
  t.is(readdirSync(join(parts.directory, 'content/ingest')).length, 1);
});
