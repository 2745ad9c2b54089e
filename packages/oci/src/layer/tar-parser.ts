/**
 * Takes an archive apart, synchronously and without copying file data: feed it pieces of any size with `push`, then
 * take events with `next` until it wants more. Holds at most one header and the current piece in memory.
 */
import {applyPax, type PaxRecords, parsePax, paxXattrs} from './pax.ts';
import {
  checkSparse,
  InDataMapReader,
  parsePaxMap,
  paxSparseFile,
  paxSparseForm,
  readGnuSparseExtension,
  readGnuSparseHeader,
  type SparseMap,
} from './sparse.ts';
import type {TarEntry} from './tar-entry.ts';
import {tarError} from './tar-error.ts';
import {blockSize, decodeHeader, isZeroBlock, type RawHeader} from './tar-header.ts';

/** `data` belongs at `offset` of the file; what no event covers is a hole. An `end` follows every `entry`. */
export type TarEvent = {kind: 'entry'; entry: TarEntry} | {kind: 'data'; data: Buffer; offset: number} | {kind: 'end'};

/** Long names and extended headers of real archives are far below this. */
const maxMetaBytes = 1 << 20;

type State =
  | {at: 'header'}
  | {at: 'meta'; header: RawHeader; parts: Buffer[]; left: number}
  | {at: 'gnu-sparse'; header: RawHeader; map: SparseMap}
  | {at: 'pax-sparse'; header: RawHeader; realSize: number; reader: InDataMapReader}
  | {at: 'data'; left: number; map: SparseMap | undefined; extent: number; within: number; done: number}
  | {at: 'skip'; left: number}
  | {at: 'end'};

export class TarParser {
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  /** A block that is spread over two pieces is put together here. */
  readonly #partial: Buffer = Buffer.alloc(blockSize);
  #partialLength = 0;
  #state: State = {at: 'header'};
  #padding = 0;
  #sawZeroBlock = false;
  #global: PaxRecords = new Map();
  #pax: PaxRecords | undefined;
  #longName: Buffer | undefined;
  #longLink: Buffer | undefined;

  /** The archive's end marks have been read; what follows them is ignored. */
  get finished(): boolean {
    return this.#state.at === 'end';
  }

  /** Adds a piece; only after `next` returned undefined. Its memory must stay as it is until then. */
  push(chunk: Uint8Array): void {
    this.#chunk = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#at = 0;
  }

  /** The next event; undefined when another piece is needed. Throws `invalid-argument`. */
  next(): TarEvent | undefined {
    for (;;) {
      if (!this.#skipPadding()) return undefined;
      const before = this.#state;
      const event = this.#step(before);
      if (event) return event;
      if (this.#state === before && (this.#at >= this.#chunk.length || before.at === 'end')) return undefined;
    }
  }

  /** Call it when the archive has no more bytes. Throws when that is in the middle of a member. */
  finish(): void {
    const {at} = this.#state;
    const isClean = at === 'end' || (at === 'header' && this.#partialLength === 0 && !this.#hasPendingMeta());
    if (!isClean) throw tarError('it ends in the middle of a member');
  }

  #step(state: State): TarEvent | undefined {
    switch (state.at) {
      case 'header':
        return this.#readHeader();
      case 'meta':
        return this.#readMeta(state);
      case 'gnu-sparse':
        return this.#readGnuSparse(state);
      case 'pax-sparse':
        return this.#readPaxSparse(state);
      case 'data':
        return this.#readData(state);
      case 'skip':
        return this.#skipData(state);
      case 'end':
        this.#at = this.#chunk.length;
        return undefined;
    }
  }

  #readHeader(): TarEvent | undefined {
    const block = this.#takeBlock();
    if (!block) return undefined;
    if (isZeroBlock(block)) {
      this.#state = this.#sawZeroBlock ? {at: 'end'} : {at: 'header'};
      this.#sawZeroBlock = true;
      if (this.#hasPendingMeta()) throw tarError('it ends after an extended header');
      return undefined;
    }
    if (this.#sawZeroBlock) throw tarError('a member follows the first end mark');
    const header = decodeHeader(block);
    if (header.type === 'ignored') this.#skip(header.size);
    else if (isMeta(header)) this.#startMeta(header);
    else if (header.type === 'gnu-sparse') return this.#startGnuSparse(block, header);
    else return this.#startEntry(this.#complete(header));
    return undefined;
  }

  #startMeta(header: RawHeader): void {
    if (header.size > maxMetaBytes) throw tarError(`extended header has ${header.size} bytes`);
    this.#state = {at: 'meta', header, parts: [], left: header.size};
  }

  #readMeta(state: State & {at: 'meta'}): undefined {
    const part = this.#take(state.left);
    state.parts.push(Buffer.from(part));
    state.left -= part.length;
    if (state.left > 0) return;
    const body = Buffer.concat(state.parts);
    this.#padding = paddingOf(body.length);
    this.#state = {at: 'header'};
    const {type} = state.header;
    if (type === 'gnu-long-name') this.#longName = untilNul(body);
    else if (type === 'gnu-long-link') this.#longLink = untilNul(body);
    else if (type === 'pax-global') this.#global = new Map([...this.#global, ...parsePax(body)]);
    else this.#pax = parseLocalPax(body);
  }

  /** Lays the records, and GNU's long names, over the header. */
  #complete(header: RawHeader): RawHeader {
    let complete = applyPax(header, this.#records());
    if (this.#longName) complete = {...complete, name: this.#longName};
    if (this.#longLink) complete = {...complete, linkName: this.#longLink};
    if (complete.isOldFile && complete.name.at(-1) === 0x2f) complete = {...complete, type: 'directory'};
    return complete;
  }

  #records(): PaxRecords {
    if (!this.#pax) return this.#global;
    return this.#global.size === 0 ? this.#pax : new Map([...this.#global, ...this.#pax]);
  }

  #startEntry(header: RawHeader): TarEvent | undefined {
    const records = this.#records();
    const form = header.type === 'file' ? paxSparseForm(records) : undefined;
    if (form === undefined) return this.#emit(header, header.type === 'file' ? header.size : 0, undefined);
    const {realSize = header.size, name} = paxSparseFile(records);
    const named = name ? {...header, name} : header;
    if (form === 'in-data') {
      this.#state = {at: 'pax-sparse', header: named, realSize, reader: new InDataMapReader()};
      return undefined;
    }
    const extents = parsePaxMap(records.get('GNU.sparse.map')?.toString('latin1') ?? '');
    return this.#emit(named, header.size, checkSparse({realSize, extents}, header.size));
  }

  #startGnuSparse(block: Buffer, raw: RawHeader): TarEvent | undefined {
    const {map, hasMore} = readGnuSparseHeader(block);
    const header: RawHeader = {...this.#complete(raw), type: 'file'};
    if (!hasMore) return this.#emit(header, header.size, checkSparse(map, header.size));
    this.#state = {at: 'gnu-sparse', header, map};
    return undefined;
  }

  #readGnuSparse({header, map}: State & {at: 'gnu-sparse'}): TarEvent | undefined {
    const block = this.#takeBlock();
    if (!block || readGnuSparseExtension(block, map.extents)) return undefined;
    return this.#emit(header, header.size, checkSparse(map, header.size));
  }

  #readPaxSparse({header, realSize, reader}: State & {at: 'pax-sparse'}): TarEvent | undefined {
    const block = this.#takeBlock();
    const extents = block && reader.feed(block);
    if (reader.consumed > header.size) throw tarError('sparse map is longer than its member');
    if (!extents) return undefined;
    const stored = header.size - reader.consumed;
    return this.#emit(header, stored, checkSparse({realSize, extents}, stored));
  }

  #emit(header: RawHeader, stored: number, map: SparseMap | undefined): TarEvent {
    if (header.name.length === 0) throw tarError('a member has no name');
    const xattrs = paxXattrs(this.#records());
    this.#pax = this.#longName = this.#longLink = undefined;
    this.#state = {at: 'data', left: stored, map, extent: 0, within: 0, done: 0};
    this.#padding = 0;
    const {type, name, mode, uid, gid, mtime, linkName, devMajor, devMinor} = header;
    const size = map ? map.realSize : stored;
    const entry = {type, name, mode, uid, gid, size, mtime, linkName, devMajor, devMinor, xattrs} as TarEntry;
    return {kind: 'entry', entry};
  }

  #readData(state: State & {at: 'data'}): TarEvent | undefined {
    if (state.left === 0) {
      this.#padding = paddingOf(state.done);
      this.#state = {at: 'header'};
      return {kind: 'end'};
    }
    const extent = state.map?.extents[state.extent];
    const data = this.#take(extent ? Math.min(state.left, extent.length - state.within) : state.left);
    if (data.length === 0) return undefined;
    const offset = extent ? extent.offset + state.within : state.done;
    state.left -= data.length;
    state.done += data.length;
    state.within += data.length;
    if (extent && state.within === extent.length) {
      state.extent++;
      state.within = 0;
    }
    return {kind: 'data', data, offset};
  }

  #skip(size: number): void {
    this.#state = {at: 'skip', left: size + paddingOf(size)};
  }

  #skipData(state: State & {at: 'skip'}): undefined {
    state.left -= this.#take(state.left).length;
    if (state.left === 0) this.#state = {at: 'header'};
  }

  #hasPendingMeta(): boolean {
    return this.#pax !== undefined || this.#longName !== undefined || this.#longLink !== undefined;
  }

  #skipPadding(): boolean {
    this.#padding -= this.#take(this.#padding).length;
    return this.#padding === 0;
  }

  /** Up to `length` bytes of the current piece, as a view. */
  #take(length: number): Buffer {
    const view = this.#chunk.subarray(this.#at, Math.min(this.#chunk.length, this.#at + length));
    this.#at += view.length;
    return view;
  }

  #takeBlock(): Buffer | undefined {
    if (this.#partialLength === 0 && this.#chunk.length - this.#at >= blockSize) return this.#take(blockSize);
    const part = this.#take(blockSize - this.#partialLength);
    part.copy(this.#partial, this.#partialLength);
    this.#partialLength += part.length;
    if (this.#partialLength < blockSize) return undefined;
    this.#partialLength = 0;
    return this.#partial;
  }
}

function isMeta({type}: RawHeader): boolean {
  return type === 'pax' || type === 'pax-global' || type === 'gnu-long-name' || type === 'gnu-long-link';
}

/** Sparse form 0.0 repeats two keys per piece; they become the one map of form 0.1. */
function parseLocalPax(body: Buffer): PaxRecords {
  const map: string[] = [];
  const records = parsePax(body, (key, value) => {
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') map.push(value.toString('latin1'));
  });
  if (map.length > 0) records.set('GNU.sparse.map', Buffer.from(map.join(',')));
  return records;
}

function untilNul(bytes: Buffer): Buffer {
  const nul = bytes.indexOf(0);
  return nul < 0 ? bytes : bytes.subarray(0, nul);
}

function paddingOf(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}
