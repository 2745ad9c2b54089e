/** Stdio without a terminal: FIFOs, files and log programs, handed to the process directly. */
import {closeSync, mkdirSync} from 'node:fs';
import {dirname} from 'node:path';
import {AT_FDCWD, O_APPEND, O_CREAT, O_RDONLY, O_WRONLY, openAt} from '@longshore/linux';
import {isFifo, openInputFifo, openOutputFifo} from './fifo.ts';
import {LogProgram} from './log-program.ts';
import type {ProcessIo, StdioOwner, StdioUris} from './stdio.ts';
import {parseStreamUri, type StreamTarget} from './stdio-uri.ts';
import {InputRelay, OutputRelay} from './stream-relay.ts';

export class PlainIo implements ProcessIo {
  readonly consoleSocket = undefined;
  #childFds: number[] = [-1, -1, -1];
  /** Our ends of the FIFOs: that of stdout reads, that of stdin writes. */
  readonly #kept = {stdin: -1, stdout: -1};
  readonly #relays: OutputRelay[] = [];
  #input: InputRelay | undefined;
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
    this.#childFds[1] = this.#openOutput(stdout, owner);
    this.#childFds[2] = this.#openErrors(parseStreamUri(uris.stderr), owner);
  }

  #openInput(target: StreamTarget, owner: StdioOwner): void {
    if (target.kind !== 'path') return;
    if (isFifo(target.path) && owner.checkpoints) {
      this.#input = new InputRelay(target.path, owner);
      this.#childFds[0] = this.#input.child;
    } else if (isFifo(target.path)) {
      const {child, kept} = openInputFifo(target.path, owner);
      this.#childFds[0] = child;
      this.#kept.stdin = kept;
    } else this.#childFds[0] = openAt(AT_FDCWD, target.path, O_RDONLY);
  }

  #openOutput(target: StreamTarget, owner: StdioOwner): number {
    if (target.kind !== 'path' || !isFifo(target.path)) return openFile(target);
    if (owner.checkpoints) return this.#openRelay(target.path, owner);
    const {child, kept} = openOutputFifo(target.path, owner);
    this.#kept.stdout = kept;
    return child;
  }

  #openErrors(target: StreamTarget, owner: StdioOwner): number {
    if (target.kind !== 'path' || !isFifo(target.path)) return openFile(target);
    return this.#openRelay(target.path, owner);
  }

  #openRelay(path: string, owner: StdioOwner): number {
    const relay = new OutputRelay(path, owner);
    this.#relays.push(relay);
    return relay.child;
  }

  async attach(): Promise<void> {
    this.#closeChildFds();
    for (const relay of this.#relays) relay.start();
    this.#input?.start();
  }

  closeStdin(): void {
    this.#input?.closeKept();
    this.#closeKept('stdin');
  }

  resize(): void {}

  /** What a process has written to stdout is where it should be already. */
  async drained(): Promise<void> {
    await Promise.all(this.#relays.map(relay => relay.drained()));
    await this.#program?.ended;
  }

  close(): void {
    this.#closeChildFds();
    this.#closeKept('stdin');
    this.#closeKept('stdout');
    for (const relay of this.#relays.splice(0)) relay.close();
    this.#input?.close();
    this.#input = undefined;
    this.#program?.stop();
  }

  #closeChildFds(): void {
    for (const fd of this.#childFds) if (fd >= 0) closeSync(fd);
    this.#childFds = [-1, -1, -1];
  }

  #closeKept(stream: 'stdin' | 'stdout'): void {
    const fd = this.#kept[stream];
    this.#kept[stream] = -1;
    if (fd >= 0) closeSync(fd);
  }
}

/** Descriptor of a target that is no FIFO; -1 for none. */
function openFile(target: StreamTarget): number {
  if (target.kind === 'file') return openLogFile(target.path);
  if (target.kind === 'path') return openAt(AT_FDCWD, target.path, O_WRONLY | O_APPEND);
  return -1;
}

/** A log file is appended to, and made with its directories when it is missing. */
export function openLogFile(path: string): number {
  mkdirSync(dirname(path), {recursive: true, mode: 0o755});
  return openAt(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT, 0o644);
}
