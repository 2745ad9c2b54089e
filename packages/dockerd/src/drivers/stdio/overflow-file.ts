/** An overflow in a file without a name: it goes with its last descriptor, however the daemon ends. */
import {closeSync, ftruncateSync, openSync, readSync, rmSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {randomHex} from '@longshore/base';
import {punchHole} from '@longshore/linux';
import type {StreamName} from '../../core/logs/log-entry.ts';
import type {Overflow} from '../../core/ports/overflow.ts';

/** Blocks are given back in pieces of this size. */
const releaseStep = 16 * 1024 * 1024;

export class OverflowFile implements Overflow {
  readonly #fd: number;
  /** Which stream each run of bytes belongs to. */
  #runs: {stream: StreamName; length: number}[] = [];
  #start = 0;
  #end = 0;
  #released = 0;
  #closed = false;

  constructor(directory: string) {
    const path = join(directory, `.overflow-${randomHex(16)}`);
    this.#fd = openSync(path, 'wx+', 0o600);
    rmSync(path);
  }

  get size(): number {
    return this.#end - this.#start;
  }

  append(stream: StreamName, data: Buffer): void {
    if (this.#closed) return;
    for (let at = 0; at < data.length; ) at += writeSync(this.#fd, data, at, data.length - at, this.#end + at);
    this.#end += data.length;
    const last = this.#runs.at(-1);
    if (last?.stream === stream) last.length += data.length;
    else this.#runs.push({stream, length: data.length});
  }

  take(size: number): {stream: StreamName; data: Buffer} | undefined {
    const [run] = this.#runs;
    if (!run || this.#closed) return undefined;
    const data = Buffer.allocUnsafeSlow(Math.min(size, run.length));
    for (let at = 0; at < data.length; ) {
      const count = readSync(this.#fd, data, at, data.length - at, this.#start + at);
      if (count === 0) throw new Error('an overflow file is shorter than what was written');
      at += count;
    }
    this.#start += data.length;
    run.length -= data.length;
    if (run.length === 0) this.#runs.shift();
    this.#release();
    return {stream: run.stream, data};
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
  }

  #release(): void {
    if (this.#start === this.#end) {
      ftruncateSync(this.#fd, 0);
      this.#start = this.#end = this.#released = 0;
    } else if (this.#start - this.#released >= releaseStep) {
      punchHole(this.#fd, this.#released, this.#start - this.#released);
      this.#released = this.#start;
    }
  }
}
