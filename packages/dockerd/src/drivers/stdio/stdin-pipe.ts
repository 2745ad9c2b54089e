import {constants, openSync} from 'node:fs';
import {closeFd, openPipeWriter, type PipeWriter} from '@longshore/linux';
import type {InputPipe} from '../../core/ports/container-io.ts';

/** The writing end of a container's stdin FIFO. */
export class StdinPipe implements InputPipe {
  readonly #path: string;
  readonly #writer: PipeWriter;
  /** A reading end of our own until the shim has one: without any, opening for writing fails. */
  #guard: number | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#guard = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.#writer = openPipeWriter(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK), {ref: false});
  }

  get path(): string {
    return this.#path;
  }

  /** The shim reads now: when it goes away, writes fail instead of filling a pipe that nobody empties. */
  releaseGuard(): void {
    if (this.#guard !== undefined) closeFd(this.#guard);
    this.#guard = undefined;
  }

  write(data: Uint8Array): Promise<void> | undefined {
    const result = this.#writer.write(data);
    return result === true ? undefined : result;
  }

  async end(): Promise<void> {
    await this.#writer.end();
  }

  close(): void {
    this.releaseGuard();
    this.#writer.close();
  }
}
