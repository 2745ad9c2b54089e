/**
 * Stdio that clients reach by streams on the shim's socket. Each stream has a pipe, which the process's stdio takes for
 * a client's FIFO; the shim is the client at its other end. So all that is true of FIFOs is true of streams.
 */
import {closeSync} from 'node:fs';
import {EngineError} from '@longshore/errdefs';
import {pipe} from '@longshore/linux';
import {changeOwner} from '../process/fifo.ts';
import type {ProcessIo, StdioOwner, StdioUris} from '../process/stdio.ts';
import {parseStreamUri} from '../process/stdio-uri.ts';
import {InputEnd} from './input-end.ts';
import {OutputEnd} from './output-end.ts';

type OpenInner = (uris: StdioUris) => Promise<ProcessIo>;

/** Opens stdio of which some URIs name streams of this shim; `openInner` opens the rest. */
export async function openStreamedIo(uris: StdioUris, owner: StdioOwner, openInner: OpenInner): Promise<ProcessIo> {
  const io = new StreamedIo(owner);
  try {
    await io.open(uris, openInner);
    return io;
  } catch (error) {
    io.close();
    throw error;
  }
}

class StreamedIo implements ProcessIo {
  readonly #owner: StdioOwner;
  #inner!: ProcessIo;
  readonly #outputs: OutputEnd[] = [];
  readonly #owned: Disposable[] = [];

  constructor(owner: StdioOwner) {
    this.#owner = owner;
  }

  get childFds(): readonly number[] {
    return this.#inner.childFds;
  }

  get consoleSocket(): string | undefined {
    return this.#inner.consoleSocket;
  }

  async open(uris: StdioUris, openInner: OpenInner): Promise<void> {
    /** The process's ends: its stdio opens them again, by name. */
    const named: number[] = [];
    const nameOf = (fd: number) => {
      named.push(fd);
      return `/proc/self/fd/${fd}`;
    };
    try {
      const paths = {...uris};
      const input = this.#idOf(uris.stdin);
      if (input !== undefined) paths.stdin = nameOf(this.#openInput(input));
      for (const stream of uris.terminal ? (['stdout'] as const) : (['stdout', 'stderr'] as const)) {
        const output = this.#idOf(uris[stream]);
        if (output !== undefined) paths[stream] = nameOf(this.#openOutput(output));
      }
      this.#inner = await openInner(paths);
    } finally {
      for (const fd of named) closeSync(fd);
    }
  }

  /** Id of a stream; undefined for anything else. Throws unimplemented for an address that is not ours. */
  #idOf(uri: string): string | undefined {
    const target = parseStreamUri(uri);
    if (target.kind !== 'stream') return undefined;
    const {streams} = this.#owner;
    if (target.address === streams.path) return target.id;
    throw new EngineError(
      'unimplemented',
      `stream address "${target.address}" is not the socket of this shim ("${streams.path}"): not implemented`,
    );
  }

  #openInput(id: string): number {
    const {read, write} = pipe();
    changeOwner(read, this.#owner);
    this.#claim(id, new InputEnd(write), read);
    return read;
  }

  #openOutput(id: string): number {
    const {read, write} = pipe();
    const end = new OutputEnd(read);
    this.#claim(id, end, write);
    this.#outputs.push(end);
    return write;
  }

  #claim(id: string, end: InputEnd | OutputEnd, other: number): void {
    this.#owned.push(end);
    try {
      this.#owned.push(this.#owner.streams.claim(id, end));
    } catch (error) {
      closeSync(other);
      throw error;
    }
  }

  attach(): Promise<void> {
    return this.#inner.attach();
  }

  closeStdin(): void {
    this.#inner.closeStdin();
  }

  resize(columns: number, rows: number): void {
    this.#inner.resize(columns, rows);
  }

  async drained(): Promise<void> {
    await this.#inner.drained();
    await Promise.all(this.#outputs.map(output => output.drained()));
  }

  close(): void {
    this.#inner?.close();
    for (const owned of this.#owned.splice(0).reverse()) owned[Symbol.dispose]();
  }
}
