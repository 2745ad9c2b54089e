/** Blobs and ingests: records against files, sizes and digests against bytes. */
import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {readdir, readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {messageOf} from '@longshore/errdefs';
import type {Database} from '../metadata-db/database.ts';
import {damage, garbage, type Report} from './problem.ts';

type BlobRow = {namespace: string; digest: string; size: number};

/** `directory` is that of the content store. */
export async function checkContent(database: Database, directory: string, report: Report): Promise<void> {
  const blobs = join(directory, 'blobs/sha256');
  const rows = database.all<BlobRow>('SELECT namespace, digest, size FROM blobs ORDER BY digest');
  const byDigest = Map.groupBy(rows, row => row.digest);
  for (const [digest, records] of byDigest)
    await checkBlob(join(blobs, digest.slice('sha256:'.length)), records, report);
  for (const name of await namesIn(blobs)) {
    if (!/^[0-9a-f]{64}$/.test(name)) report(garbage('blob-foreign', join(blobs, name), 'no name of a blob'));
    else if (!byDigest.has(`sha256:${name}`)) report(garbage('blob-orphan', `sha256:${name}`, 'no record of it'));
  }
  await checkIngests(database, join(directory, 'ingest'), report);
}

async function checkBlob(path: string, records: readonly BlobRow[], report: Report): Promise<void> {
  const [{digest}] = records as [BlobRow];
  const namespaces = records.map(({namespace}) => namespace).join(',');
  const status = await stat(path).catch(() => undefined);
  if (!status?.isFile()) return report(damage('blob-missing', namespaces, digest, `"${path}" is not there`));
  for (const {namespace, size} of records) {
    if (size === status.size) continue;
    report(damage('blob-size', namespace, digest, `${status.size} bytes, recorded as ${size}`));
  }
  try {
    const actual = await digestOf(path);
    if (actual !== digest) report(damage('blob-digest', namespaces, digest, `its bytes are ${actual}`));
  } catch (error) {
    report(damage('blob-unreadable', namespaces, digest, messageOf(error)));
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, {highWaterMark: 1 << 20})) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}

/** A record comes before its directory: one without is an upload that has not begun. */
async function checkIngests(database: Database, directory: string, report: Report): Promise<void> {
  const rows = database.all<{namespace: string; ref: string; key: string}>('SELECT namespace, ref, key FROM ingests');
  const known = new Map(rows.map(row => [createHash('sha256').update(row.key).digest('hex'), row]));
  for (const name of await namesIn(directory)) {
    const path = join(directory, name);
    const row = known.get(name);
    if (!row) {
      report(garbage('ingest-orphan', path, 'no record of it'));
      continue;
    }
    const ref = await readFile(join(path, 'ref'), 'utf8').catch(() => undefined);
    // An empty one is of an ingest that was killed at its very beginning: opened again, it is written.
    if (ref && ref !== row.key) {
      report(damage('ingest-ref', row.namespace, row.ref, `"${path}" belongs to ${JSON.stringify(ref)}`));
    }
    const data = await stat(join(path, 'data')).catch(() => undefined);
    if (data && !data.isFile()) report(damage('ingest-data', row.namespace, row.ref, `"${path}/data" is no file`));
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
