/**
 * The loops over every byte of much output, sixteen bytes at a time: where its lines end, and their form in a json-file
 * log. They work in a memory of their own, into which bytes are copied first, so short pieces are faster without.
 */
import {assembleModule} from './assembler.ts';
import {jsonLines} from './json-lines.ts';
import {lineEnds} from './line-ends.ts';
import {utf8Length} from './utf8-length.ts';

const page = 64 * 1024;
/** Below this it is not worth a copy. */
export const minimumInput = 8 * 1024;
/** Bytes that can be looked at in one call. */
export const maximumInput = 256 * 1024;
/** Behind every range, for those who read or write sixteen bytes at a time. */
const margin = 64;
export const maximumSuffix = 4096;
/** Results of a call, then a suffix. */
const suffixAt = 64;
const inputAt = page;
/** Where ends of lines, or encoded lines go. */
const outputAt = inputAt + maximumInput + page;
const outputSize = 4 * maximumInput;
const pages = (outputAt + outputSize + page) / page;

/** What is used of it; the types of Node leave it out. */
declare const WebAssembly: {
  validate(module: Uint8Array<ArrayBuffer>): boolean;
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (module: object) => {exports: unknown};
};

interface Exports {
  memory: {buffer: ArrayBuffer};
  utf8Length(at: number): number;
  lineEnds(start: number, end: number, ends: number, maximum: number, base: number): number;
  jsonLines(
    input: number,
    end: number,
    output: number,
    limit: number,
    suffix: number,
    suffixSize: number,
    result: number,
  ): number;
}

export interface EncodedJson {
  /** Number of lines, and of their bytes. */
  lines: number;
  taken: number;
  /** Valid until the next call. */
  bytes: Uint8Array;
}

let shared: LogSimd | undefined | null = null;

export class LogSimd {
  readonly #calls: Exports;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  private constructor(calls: Exports) {
    this.#calls = calls;
    this.#bytes = new Uint8Array(calls.memory.buffer);
    this.#view = new DataView(calls.memory.buffer);
  }

  /** The one of this process, made when it is wanted first; undefined on processors that have no such instructions. */
  static get shared(): LogSimd | undefined {
    if (shared === null) shared = LogSimd.open();
    return shared;
  }

  static open(): LogSimd | undefined {
    const module = assembleModule(pages, [utf8Length, lineEnds, jsonLines]);
    if (!WebAssembly.validate(module)) return undefined;
    return new LogSimd(new WebAssembly.Instance(new WebAssembly.Module(module)).exports as Exports);
  }

  /** Offsets behind each record of `data[start ..]`, at most `maximumInput` bytes; see `LineSplitter`. */
  lineEnds(data: Uint8Array, start: number, maximumLine: number): Int32Array {
    this.#bytes.set(start === 0 ? data : data.subarray(start), inputAt);
    const end = inputAt + data.length - start;
    const count = this.#calls.lineEnds(inputAt, end, outputAt, maximumLine, inputAt - start);
    return new Int32Array(this.#calls.memory.buffer, outputAt, count).slice();
  }

  /**
   * Encodes lines of less than `longestLine` bytes, each of which ends with a line feed, at most `maximumInput` bytes
   * together: some of them, at least one. `suffix` gets the time of the last one, of the first one it has it already.
   */
  jsonLines(lines: Uint8Array, suffix: Uint8Array, longestLine: number): EncodedJson {
    this.#bytes.set(lines, inputAt);
    this.#bytes.set(suffix, suffixAt);
    const limit = outputAt + outputSize - 6 * longestLine - maximumSuffix - margin;
    const count = this.#calls.jsonLines(inputAt, inputAt + lines.length, outputAt, limit, suffixAt, suffix.length, 0);
    suffix.set(this.#bytes.subarray(suffixAt, suffixAt + suffix.length));
    return {
      lines: count,
      taken: this.#view.getUint32(0, true) - inputAt,
      bytes: this.#bytes.subarray(outputAt, this.#view.getUint32(4, true)),
    };
  }
}
