/** Content digests: `sha256:<64 hex digits>`. */
import {createHash, type Hash} from 'node:crypto';
import {EngineError} from '@longshore/errdefs';

/** Hex digits of each algorithm that content may be addressed by. */
const hexLengths: Readonly<Record<string, number>> = {sha256: 64, sha384: 96, sha512: 128};
const pattern = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;

export interface Digest {
  algorithm: string;
  hex: string;
}

/** Checks the form, the algorithm and the length. Throws `invalid-argument` in the words of the original. */
export function parseDigest(text: string): Digest {
  const colon = text.indexOf(':');
  if (!pattern.test(text)) throw new EngineError('invalid-argument', 'invalid checksum digest format');
  const algorithm = text.slice(0, colon);
  const hex = text.slice(colon + 1);
  const length = hexLengths[algorithm];
  if (length === undefined) throw new EngineError('invalid-argument', 'unsupported digest algorithm');
  if (hex.length !== length) throw new EngineError('invalid-argument', 'invalid checksum digest length');
  if (!/^[0-9a-f]+$/.test(hex)) throw new EngineError('invalid-argument', 'invalid checksum digest format');
  return {algorithm, hex};
}

export function isDigest(text: string): boolean {
  try {
    parseDigest(text);
    return true;
  } catch {
    return false;
  }
}

/** sha256 of bytes, or of a string's UTF-8. */
export function digestOf(data: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

/** Digest of a stream that is fed piece by piece. */
export class Digester {
  readonly #algorithm: string;
  readonly #hash: Hash;
  #size = 0;

  constructor(algorithm = 'sha256') {
    this.#algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  get size(): number {
    return this.#size;
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
    this.#size += data.length;
  }

  /** Call it once, at the end. */
  digest(): string {
    return `${this.#algorithm}:${this.#hash.digest('hex')}`;
  }
}

/** Passes a stream through; throws `data-loss` unless it has exactly this size (when known) and digest. */
export async function* verifyStream(
  source: AsyncIterable<Uint8Array>,
  expected: {digest: string; size?: number},
): AsyncGenerator<Uint8Array, void, void> {
  const digester = new Digester(parseDigest(expected.digest).algorithm);
  for await (const chunk of source) {
    digester.update(chunk);
    if (digester.size > (expected.size ?? Number.POSITIVE_INFINITY)) throw sizeError(expected, `more than`);
    yield chunk;
  }
  if (expected.size !== undefined && digester.size !== expected.size) throw sizeError(expected, 'fewer than');
  const actual = digester.digest();
  if (actual !== expected.digest) {
    throw new EngineError('data-loss', `content has digest ${actual}, expected ${expected.digest}`);
  }
}

function sizeError(expected: {digest: string; size?: number}, relation: string): EngineError {
  return new EngineError(
    'data-loss',
    `content of ${expected.digest} has ${relation} the expected ${expected.size} bytes`,
  );
}
