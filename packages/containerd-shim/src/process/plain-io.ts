/** Stdio without a terminal: FIFOs, files and log programs, handed to the process directly. */
import {closeSync, mkdirSync} from 'node:fs';
import {dirname} from 'node:path';
import {AT_FDCWD, O_APPEND, O_CREAT, O_RDONLY, O_WRONLY, openAt} from '@longshore/linux';
import {isFifo, openInputFifo, openOutputFifo} from './fifo.ts';
import {LogProgram} from './log-program.ts';
import type {ProcessIo, StdioOwner, StdioUris} from './stdio.ts';
import {parseStreamUri, type StreamTarget} from './stdio-uri.ts';

export class PlainIo implements ProcessIo {
  readonly consoleSocket = undefined;
  #childFds: number[] = [-1, -1, -1];
  /** Our ends of the FIFOs: [1] and [2] read, [0] writes. */
  readonly #kept: number[] = [-1, -1, -1];
  #program: LogProgram | undefined;

  static async open(uris: StdioUris, owner: StdioOwner): Promise<PlainIo> {
    const io = new PlainIo();
    try {
      await io.#open(uris, owner);
      return io;
    } catch (error) {
      io.close();
      throw error;
    }
  }

  get childFds(): readonly number[] {
    return this.#childFds;
  }

  async #open(uris: StdioUris, owner: StdioOwner): Promise<void> {
    if (uris.stdin !== '') this.#openInput(parseStreamUri(uris.stdin), owner);
    const stdout = parseStreamUri(uris.stdout);
    if (stdout.kind === 'binary') {
      // One program takes both streams, whatever is said of stderr.
      this.#program = await LogProgram.start(stdout, owner);
      this.#childFds[1] = this.#program.stdout;
      this.#childFds[2] = this.#program.stderr;
      return;
    }
    this.#openOutput(1, stdout, owner);
    this.#openOutput(2, parseStreamUri(uris.stderr), owner);
  }

  #openInput(target: StreamTarget, owner: StdioOwner): void {
    if (target.kind !== 'path') return;
    if (isFifo(target.path)) {
      const {child, kept} = openInputFifo(target.path, owner);
      this.#childFds[0] = child;
      this.#kept[0] = kept;
    } else this.#childFds[0] = openAt(AT_FDCWD, target.path, O_RDONLY);
  }

  #openOutput(index: 1 | 2, target: StreamTarget, owner: StdioOwner): void {
    if (target.kind === 'file') this.#childFds[index] = openLogFile(target.path);
    if (target.kind !== 'path') return;
    if (isFifo(target.path)) {
      const {child, kept} = openOutputFifo(target.path, owner);
      this.#childFds[index] = child;
      this.#kept[index] = kept;
    } else this.#childFds[index] = openAt(AT_FDCWD, target.path, O_WRONLY | O_APPEND);
  }

  async attach(): Promise<void> {
    this.#closeChildFds();
  }

  closeStdin(): void {
    this.#closeKept(0);
  }

  resize(): void {}

  /** What a process has written to a FIFO is where it should be; only a log program may still have to read. */
  async drained(): Promise<void> {
    await this.#program?.ended;
  }

  close(): void {
    this.#closeChildFds();
    for (const index of this.#kept.keys()) this.#closeKept(index);
    this.#program?.stop();
  }

  #closeChildFds(): void {
    for (const fd of this.#childFds) if (fd >= 0) closeSync(fd);
    this.#childFds = [-1, -1, -1];
  }

  #closeKept(index: number): void {
    const fd = this.#kept[index] ?? -1;
    this.#kept[index] = -1;
    if (fd >= 0) closeSync(fd);
  }
}

/** A log file is appended to, and made with its directories when it is missing. */
export function openLogFile(path: string): number {
  mkdirSync(dirname(path), {recursive: true, mode: 0o755});
  return openAt(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT, 0o644);
}
