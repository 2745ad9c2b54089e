/** Sparse files in tar: the old GNU header ('S') and GNU's three PAX forms (0.0, 0.1, 1.0). */
import {decimal, type PaxRecords} from './pax.ts';
import {tarError} from './tar-error.ts';
import {blockSize, readNumber, sizeNumber} from './tar-header.ts';

/** A piece of the file that the archive holds; what lies between pieces is a hole. */
export interface SparseExtent {
  offset: number;
  length: number;
}

export interface SparseMap {
  /** Bytes of the file with its holes. */
  realSize: number;
  extents: SparseExtent[];
}

/** A map may not be a way to fill memory. */
const maxExtents = 1 << 20;

/** Checks order, bounds, and that the pieces are exactly what the archive holds. */
export function checkSparse(map: SparseMap, storedSize: number): SparseMap {
  let end = 0;
  let stored = 0;
  for (const {offset, length} of map.extents) {
    if (offset < end || offset + length > map.realSize) throw tarError('sparse map is out of order or out of range');
    end = offset + length;
    stored += length;
  }
  if (stored !== storedSize) throw tarError(`sparse map has ${stored} bytes, the member ${storedSize}`);
  return {realSize: map.realSize, extents: map.extents.filter(extent => extent.length > 0)};
}

/** The four extents in an old GNU header, and whether extension blocks follow. */
export function readGnuSparseHeader(block: Buffer): {map: SparseMap; hasMore: boolean} {
  const realSize = sizeNumber(readNumber(block, 483, 12, 'sparse size'), 'sparse size');
  const extents: SparseExtent[] = [];
  return {map: {realSize, extents}, hasMore: readGnuExtents(block, 386, 4, 482, extents)};
}

/** One extension block with up to 21 extents; returns whether another follows. */
export function readGnuSparseExtension(block: Buffer, extents: SparseExtent[]): boolean {
  return readGnuExtents(block, 0, 21, 504, extents);
}

function readGnuExtents(block: Buffer, start: number, count: number, flag: number, extents: SparseExtent[]): boolean {
  for (let i = 0; i < count; i++) {
    const at = start + i * 24;
    if (block[at] === 0) break;
    addExtent(extents, readNumber(block, at, 12, 'sparse offset'), readNumber(block, at + 12, 12, 'sparse length'));
  }
  return block[flag] !== 0;
}

function addExtent(extents: SparseExtent[], offset: bigint, length: bigint): void {
  if (extents.length >= maxExtents) throw tarError(`sparse map has more than ${maxExtents} pieces`);
  extents.push({offset: sizeNumber(offset, 'sparse offset'), length: sizeNumber(length, 'sparse length')});
}

/** Which PAX form the records announce; undefined for a plain file. */
export function paxSparseForm(records: PaxRecords): 'map' | 'in-data' | undefined {
  const major = records.get('GNU.sparse.major')?.toString('latin1');
  const minor = records.get('GNU.sparse.minor')?.toString('latin1');
  if (major === '1' && minor === '0') return 'in-data';
  if (major !== undefined && !(major === '0' && (minor === '0' || minor === '1'))) {
    throw tarError(`sparse format ${major}.${minor} is unknown`);
  }
  return records.has('GNU.sparse.map') || records.has('GNU.sparse.numblocks') ? 'map' : undefined;
}

/** Size and name that the sparse records give to the file. */
export function paxSparseFile(records: PaxRecords): {realSize: number | undefined; name: Buffer | undefined} {
  const size = (records.get('GNU.sparse.realsize') ?? records.get('GNU.sparse.size'))?.toString('latin1');
  return {
    realSize: size === undefined ? undefined : sizeNumber(decimal(size, 'sparse size'), 'sparse size'),
    name: records.get('GNU.sparse.name'),
  };
}

/** `offset,length,…` of form 0.1; form 0.0 is brought into this shape while its records are read. */
export function parsePaxMap(text: string): SparseExtent[] {
  const extents: SparseExtent[] = [];
  if (text === '') return extents;
  const numbers = text.split(',');
  if (numbers.length % 2 !== 0) throw tarError('sparse map has an odd number of values');
  for (let i = 0; i < numbers.length; i += 2) {
    addExtent(extents, decimal(numbers[i] ?? '', 'sparse offset'), decimal(numbers[i + 1] ?? '', 'sparse length'));
  }
  return extents;
}

/**
 * Form 1.0: the map stands before the data, decimal numbers on lines (the first is their count), filled up to whole
 * blocks. Feed it blocks until it returns the map.
 */
export class InDataMapReader {
  #digits = '';
  #blocks = 0;
  #count: number | undefined;
  #offset: bigint | undefined;
  readonly #extents: SparseExtent[] = [];

  /** Bytes of the member that the map took. */
  get consumed(): number {
    return this.#blocks * blockSize;
  }

  feed(block: Buffer): SparseExtent[] | undefined {
    this.#blocks++;
    for (const byte of block) {
      if (byte !== 0x0a) {
        this.#digits += String.fromCharCode(byte);
        if (this.#digits.length > 20) throw tarError('sparse map has a number that is too long');
        continue;
      }
      this.#take(decimal(this.#digits, 'sparse map value'));
      this.#digits = '';
      if (this.#count === this.#extents.length) return this.#extents; // the rest of the block is filling
    }
    return undefined;
  }

  #take(value: bigint): void {
    if (this.#count === undefined) {
      if (value < 0n || value > BigInt(maxExtents)) throw tarError(`sparse map has ${value} pieces`);
      this.#count = Number(value);
    } else if (this.#offset === undefined) {
      this.#offset = value;
    } else {
      addExtent(this.#extents, this.#offset, value);
      this.#offset = undefined;
    }
  }
}
