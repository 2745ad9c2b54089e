/**
 * Where the log of a running container stands, in a few bytes beside its FIFOs. One pwrite of less than a page: a
 * SIGKILL either sees all of it or nothing. It need not survive a power cut, which no container does.
 */
import {closeSync, openSync, readSync, writeSync} from 'node:fs';
import type {LogCheckpoint} from '../file-log/file-log-writer.ts';

const size = 40;
/** The first bytes, so that an empty or foreign file is noticed. */
const magic = 0x4c53_4350_0000_0001n;

export class CheckpointFile {
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(size);

  constructor(path: string) {
    this.#fd = openSync(path, 'a+');
    closeSync(this.#fd);
    this.#fd = openSync(path, 'r+');
  }

  /** Undefined when none has been saved. */
  load(): LogCheckpoint | undefined {
    const read = readSync(this.#fd, this.#buffer, 0, size, 0);
    if (read < size || this.#buffer.readBigUInt64LE(0) !== magic) return undefined;
    const number = (index: number) => Number(this.#buffer.readBigUInt64LE(index * 8));
    return {inode: number(1), size: number(2), positions: {stdout: number(3), stderr: number(4)}};
  }

  save({inode, size: fileSize, positions}: LogCheckpoint): void {
    const values = [magic, inode, fileSize, positions.stdout, positions.stderr];
    for (const [index, value] of values.entries()) this.#buffer.writeBigUInt64LE(BigInt(value), index * 8);
    writeSync(this.#fd, this.#buffer, 0, size, 0);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
