/** Stdio of a process with a terminal: the shim holds the pty master and copies between it and the client's FIFOs. */
import {closeSync} from 'node:fs';
import {type Deferred, deferred} from '@longshore/base';
import {AT_FDCWD, O_NONBLOCK, O_WRONLY, openAt, setNonblock, setWindowSize} from '@longshore/linux';
import {ConsoleSocket} from './console-socket.ts';
import {FdPump} from './fd-pump.ts';
import {isFifo, openInputFifo, openOutputFifo} from './fifo.ts';
import {LogProgram} from './log-program.ts';
import {openLogFile} from './plain-io.ts';
import type {ProcessIo, StdioOwner, StdioUris} from './stdio.ts';
import {parseStreamUri} from './stdio-uri.ts';

export class TerminalIo implements ProcessIo {
  readonly childFds = [-1, -1, -1];
  readonly #owner: StdioOwner;
  readonly #socket: ConsoleSocket;
  readonly #drained: Deferred<void> = deferred();
  #master = -1;
  /** The client's FIFOs: what we copy from and to, and the ends that only keep them open. */
  #input = {from: -1, kept: -1};
  #output = {to: -1, kept: -1};
  #program: LogProgram | undefined;
  #pumps: FdPump[] = [];
  #closed = false;

  static async open(uris: StdioUris, owner: StdioOwner): Promise<TerminalIo> {
    const io = new TerminalIo(owner);
    try {
      await io.#open(uris);
      return io;
    } catch (error) {
      io.close();
      throw error;
    }
  }

  private constructor(owner: StdioOwner) {
    this.#owner = owner;
    this.#socket = new ConsoleSocket(owner.bundle);
  }

  get consoleSocket(): string {
    return this.#socket.path;
  }

  async #open(uris: StdioUris): Promise<void> {
    const stdin = parseStreamUri(uris.stdin);
    if (stdin.kind === 'path') {
      const {child, kept} = openInputFifo(stdin.path, this.#owner);
      setNonblock(child);
      this.#input = {from: child, kept};
    }
    const stdout = parseStreamUri(uris.stdout);
    if (stdout.kind === 'file') this.#output.to = openLogFile(stdout.path);
    if (stdout.kind === 'path') this.#openOutput(stdout.path);
    if (stdout.kind === 'binary') {
      this.#program = await LogProgram.start(stdout, this.#owner);
      closeSync(this.#program.stderr);
      setNonblock(this.#program.stdout);
      this.#output.to = this.#program.stdout;
    }
  }

  #openOutput(path: string): void {
    if (!isFifo(path)) {
      this.#output.to = openAt(AT_FDCWD, path, O_WRONLY | O_NONBLOCK);
      return;
    }
    const {child, kept} = openOutputFifo(path, this.#owner);
    setNonblock(child);
    this.#output = {to: child, kept};
  }

  async attach(): Promise<void> {
    this.#master = await this.#socket.receive();
    this.#socket[Symbol.dispose]();
    this.#pumps.push(new FdPump({from: this.#master, to: this.#output.to, onEnd: error => this.#outputEnded(error)}));
    if (this.#input.from < 0) return;
    this.#pumps.push(new FdPump({from: this.#input.from, to: this.#master, onEnd: error => this.#inputEnded(error)}));
  }

  /** The last process has let go of the terminal, and the client's FIFO has all of its output: let it see the end. */
  #outputEnded(error: Error | undefined): void {
    if (error) this.#owner.log.warn({error, container: this.#owner.containerId}, 'terminal output was cut off');
    close(this.#output, 'to');
    this.#drained.resolve();
  }

  #inputEnded(error: Error | undefined): void {
    if (error) this.#owner.log.warn({error, container: this.#owner.containerId}, 'terminal input was cut off');
    close(this.#input, 'from');
  }

  closeStdin(): void {
    close(this.#input, 'kept');
  }

  resize(columns: number, rows: number): void {
    if (this.#master >= 0) setWindowSize(this.#master, {columns, rows});
  }

  async drained(): Promise<void> {
    if (this.#master < 0) return; // never attached: there was no output
    await this.#drained.promise;
    await this.#program?.ended;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const pump of this.#pumps) pump[Symbol.dispose]();
    this.#socket[Symbol.dispose]();
    if (this.#master >= 0) closeSync(this.#master);
    this.#master = -1;
    for (const end of ['from', 'kept'] as const) close(this.#input, end);
    for (const end of ['to', 'kept'] as const) close(this.#output, end);
    this.#drained.resolve();
    this.#program?.stop();
  }
}

function close<K extends string>(ends: Record<K, number>, key: K): void {
  const fd = ends[key];
  ends[key] = -1;
  if (fd >= 0) closeSync(fd);
}
