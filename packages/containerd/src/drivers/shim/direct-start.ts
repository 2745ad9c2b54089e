/** Whether a shim is ours, so that it may be started with its socket as fd 3 instead of by the `start` protocol. */
import {open, stat} from 'node:fs/promises';
import {shimDirectStartMarker} from '@longshore/base';

/** The script lies at the end of a compiled executable; everything before it is the runtime. */
const tailLength = 16 << 20;
const chunkLength = 1 << 20;

/** Remembers its answers by file identity. When in doubt the answer is no: `start` works with every shim. */
export class DirectStartTest {
  readonly #known = new Map<string, boolean>();

  async allows(path: string): Promise<boolean> {
    try {
      const {dev, ino, size, mtimeMs, ctimeMs} = await stat(path);
      const identity = [dev, ino, size, mtimeMs, ctimeMs].join(' ');
      const known = this.#known.get(identity);
      if (known !== undefined) return known;
      const found = await tailContains(path, size, Buffer.from(shimDirectStartMarker));
      this.#known.set(identity, found);
      return found;
    } catch {
      return false; // starting it will say what is wrong with the file
    }
  }
}

/** Chunks overlap by the length of the marker, so that it is found on a border too. */
async function tailContains(path: string, size: number, marker: Buffer): Promise<boolean> {
  await using file = await open(path, 'r');
  const buffer = Buffer.allocUnsafe(chunkLength + marker.length);
  for (let end = size; end > Math.max(0, size - tailLength); end -= chunkLength) {
    const position = Math.max(0, end - chunkLength);
    const {bytesRead} = await file.read(buffer, 0, Math.min(buffer.length, size - position), position);
    if (buffer.subarray(0, bytesRead).includes(marker)) return true;
  }
  return false;
}
