/** Blobs and ingests below `<root>/io.containerd.content.v1.content`, laid out as containerd does. */
import {createHash} from 'node:crypto';
import {type FileHandle, mkdir, opendir, readdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import {readCached} from '@longshore/linux';
import type {BlobFiles} from '../../core/content/files.ts';
import {fsError} from './fs-error.ts';
import {type DiskIngest, openIngestFile, readStatus} from './ingest-file.ts';
import {OpenBlobs} from './open-blobs.ts';

const readChunk = 256 << 10;

export async function openBlobFiles(root: string): Promise<BlobFiles> {
  const blobs = join(root, 'blobs', 'sha256');
  const ingests = join(root, 'ingest');
  try {
    await mkdir(blobs, {recursive: true});
    await mkdir(ingests, {recursive: true});
  } catch (error) {
    throw fsError('create', root, error);
  }
  const open = new OpenBlobs();
  /** By their directories. */
  const writing = new Map<string, DiskIngest>();
  const path = (digest: string) => join(blobs, digest.slice('sha256:'.length));
  const nameOf = (key: string) => createHash('sha256').update(key).digest('hex');
  const directory = (key: string) => join(ingests, nameOf(key));
  return {
    path,
    read: (digest, offset, size) => readBlob(open, path(digest), digest, {offset, size}),
    removeBlob: async digest => {
      open.forget(path(digest));
      await remove(path(digest));
    },
    listBlobs: () => listBlobs(blobs),
    async openIngest(key, total) {
      const at = directory(key);
      const ingest = await openIngestFile(at, key, total, path, () => {
        if (writing.get(at) === ingest) writing.delete(at);
      });
      writing.set(at, ingest);
      return ingest;
    },
    async ingestStatus(key) {
      // Its writer was told that all of it is there.
      await writing.get(directory(key))?.written();
      return await readStatus(directory(key));
    },
    removeIngest: key => remove(directory(key)),
    async removeOtherIngests(keys) {
      const names = await readdir(ingests);
      const kept = new Set([...keys()].map(nameOf));
      for (const name of names) if (!kept.has(name)) await remove(join(ingests, name));
    },
  };
}

/** The file is given back before the last piece is handed out: nothing is left to do then that could delay the end. */
async function* readBlob(
  blobs: OpenBlobs,
  path: string,
  digest: string,
  {offset, size}: {offset: number; size: number},
): AsyncGenerator<Uint8Array> {
  if (size === 0) return;
  let last: Uint8Array;
  {
    using opened = await blobs.open(path, digest);
    let done = 0;
    for (;;) {
      // A new one each time: gRPC may hold on to a message until the one after it is written.
      const buffer = Buffer.allocUnsafeSlow(Math.min(readChunk, size - done));
      const bytesRead = await readAt(opened.file, buffer, offset + done);
      if (bytesRead === 0)
        throw new EngineError('data-loss', `content ${digest} ends at ${offset + done}: unexpected EOF`);
      last = buffer.subarray(0, bytesRead);
      done += bytesRead;
      if (done >= size) break;
      yield last;
    }
  }
  yield last;
}

/** A blob is read soon after it was written, mostly: then no thread is needed. */
async function readAt(file: FileHandle, buffer: Buffer, position: number): Promise<number> {
  const cached = readCached(file.fd, buffer, position);
  // Nothing is either the end or a hole of the cache.
  return cached || (await file.read(buffer, 0, buffer.length, position)).bytesRead;
}

async function* listBlobs(directory: string): AsyncGenerator<string> {
  for await (const {name} of await opendir(directory)) {
    if (/^[0-9a-f]{64}$/.test(name)) yield `sha256:${name}`;
  }
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, {recursive: true, force: true});
  } catch (error) {
    throw fsError('remove', path, error);
  }
}
