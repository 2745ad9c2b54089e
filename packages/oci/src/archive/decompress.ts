import {pipeline} from 'node:stream';
import {createGunzip, createZstdDecompress} from 'node:zlib';
import {EngineError, messageOf} from '@longshore/errdefs';
import type {Compression} from '../media-types.ts';

const outputBytes = 256 << 10;

/** How data that begins like this is compressed. */
export function detectCompression(start: Uint8Array): Compression | 'xz' | 'bzip2' {
  const begins = (...bytes: number[]) => bytes.every((byte, i) => start[i] === byte);
  if (begins(0x1f, 0x8b)) return 'gzip';
  if (begins(0x28, 0xb5, 0x2f, 0xfd)) return 'zstd';
  if (begins(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return 'xz';
  return begins(0x42, 0x5a, 0x68) ? 'bzip2' : 'none';
}

/**
 * The uncompressed bytes of a stream that may be compressed. Throws `unimplemented` for compressions that are not
 * supported and `invalid-argument` for damaged data.
 */
export async function* decompressAny(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const {start, rest} = await peek(source, 6);
  const compression = detectCompression(start);
  if (compression === 'none') {
    yield* rest;
    return;
  }
  if (compression !== 'gzip' && compression !== 'zstd') {
    throw new EngineError('unimplemented', `archives compressed with ${compression} are not supported`);
  }
  const options = {chunkSize: outputBytes};
  const decoder = compression === 'gzip' ? createGunzip(options) : createZstdDecompress(options);
  let sourceError: unknown;
  const watched = (async function* () {
    try {
      yield* rest;
    } catch (error) {
      sourceError = error;
      throw error;
    }
  })();
  pipeline(watched, decoder, () => {}); // its error comes out of the loop below
  try {
    for await (const chunk of decoder) yield chunk as Buffer;
  } catch (error) {
    if (sourceError !== undefined) throw sourceError;
    throw new EngineError('invalid-argument', `cannot decompress ${compression} data: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    decoder.destroy();
  }
}

/** The first bytes of a stream (fewer when it is shorter), and the whole stream again. */
export async function peek(
  source: AsyncIterable<Uint8Array>,
  length: number,
): Promise<{start: Buffer; rest: AsyncIterable<Uint8Array>}> {
  const iterator = source[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let size = 0;
  while (size < length) {
    const next = await iterator.next();
    if (next.done) break;
    held.push(Buffer.from(next.value)); // a copy: the source may use its memory again
    size += next.value.length;
  }
  const rest = async function* () {
    try {
      yield* held;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  };
  return {start: Buffer.concat(held).subarray(0, length), rest: rest()};
}
