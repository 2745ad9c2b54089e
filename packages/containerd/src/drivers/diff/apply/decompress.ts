import {closeSync, createReadStream, openSync, readSync} from 'node:fs';
import {pipeline, type Transform} from 'node:stream';
import {createGunzip, createZstdDecompress} from 'node:zlib';
import {EngineError, messageOf} from '@longshore/errdefs';
import type {Compression} from '@longshore/oci';
import {fileError} from './file-error.ts';

const readBytes = 1 << 20;
const outputBytes = 256 << 10;

/** Pieces of a file, in order. */
export async function* readBlob(path: string): AsyncGenerator<Buffer, void, void> {
  try {
    for await (const chunk of createReadStream(path, {highWaterMark: readBytes})) yield chunk as Buffer;
  } catch (error) {
    throw fileError('read blob', JSON.stringify(path), error);
  }
}

/** The same without allocating: each piece is valid until the next is asked for. Blocks the thread while it reads. */
export function* readBlobInPlace(path: string): Generator<Buffer, void, void> {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const buffer = Buffer.allocUnsafeSlow(readBytes);
    for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) yield buffer.subarray(0, count);
  } catch (error) {
    throw fileError('read blob', JSON.stringify(path), error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * The uncompressed stream. What a layer's media type says about compression is sometimes wrong, so the first bytes
 * decide whenever it says that there is one. Throws `invalid-argument` for damaged data.
 */
export async function* decompress(
  source: AsyncIterable<Buffer>,
  declared: Compression,
): AsyncGenerator<Buffer, void, void> {
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const rest = (async function* () {
    yield first.value;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  })();
  const transform = declared === 'none' ? undefined : decoder(first.value);
  if (!transform) {
    yield* rest;
    return;
  }
  pipeline(rest, transform, () => {}); // its error comes out of the loop below
  try {
    for await (const chunk of transform) yield chunk as Buffer;
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError('invalid-argument', `cannot decompress layer: ${messageOf(error)}`, {cause: error});
  } finally {
    transform.destroy();
  }
  // What follows the compressed data is padding; whoever computes the file's digest needs it all the same.
  while (!(await iterator.next()).done);
}

function decoder(start: Buffer): Transform | undefined {
  if (start[0] === 0x1f && start[1] === 0x8b) return createGunzip({chunkSize: outputBytes});
  if (start.length >= 4 && start.readUInt32LE(0) === 0xfd2fb528) return createZstdDecompress({chunkSize: outputBytes});
  return undefined;
}
