/** The FIFOs between this terminal and a process in a container. */

import {closeSync, openSync} from 'node:fs';
import {mkdir, mkdtemp, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {mkfifo, O_NONBLOCK, O_RDONLY, O_RDWR, openPipeReader, openPipeWriter, type PipeReader} from '@longshore/linux';
import {write} from '@longshore/term';

/** Where the original keeps them, too. */
const defaultDirectory = '/run/containerd/fifo';

export interface StdioOptions {
  /** Parent of the directory with the FIFOs. */
  directory?: string;
  /** A terminal has no standard error of its own. */
  terminal: boolean;
  /** Sends nothing and shows nothing. */
  none?: boolean;
  /** A log URI that the shim writes to instead. */
  logUri?: string;
}

/** Paths for the create or exec request; empty where there is nothing to connect. */
export interface StdioPaths {
  stdin: string;
  stdout: string;
  stderr: string;
}

export interface Stdio extends AsyncDisposable {
  paths: StdioPaths;
  /** Starts to copy; `onInputEnd` is called when our standard input has ended and all of it was written. */
  connect(onInputEnd: () => Promise<void>): void;
  /** Resolves when the process's side has closed its output and all of it was shown. */
  drained(): Promise<void>;
}

/** Makes the FIFOs and opens our ends, before the shim opens its own. */
export async function openStdio(id: string, options: StdioOptions): Promise<Stdio> {
  if (options.none) return unconnected({stdin: '', stdout: '', stderr: ''});
  if (options.logUri) return unconnected({stdin: '', stdout: options.logUri, stderr: options.logUri});
  const parent = options.directory || defaultDirectory;
  await mkdir(parent, {recursive: true, mode: 0o700});
  const dir = await mkdtemp(join(parent, ''));
  const paths = {
    stdin: join(dir, `${id}-stdin`),
    stdout: join(dir, `${id}-stdout`),
    stderr: options.terminal ? '' : join(dir, `${id}-stderr`),
  };
  for (const path of Object.values(paths)) if (path !== '') mkfifo(path, 0o600);
  return new FifoStdio(dir, paths);
}

function unconnected(paths: StdioPaths): Stdio {
  return {paths, connect: () => {}, drained: async () => {}, [Symbol.asyncDispose]: async () => {}};
}

class FifoStdio implements Stdio {
  readonly paths: StdioPaths;
  readonly #dir: string;
  /** Opened for reading and writing: opening for writing alone fails while nobody reads. */
  readonly #stdin: number;
  readonly #outputs: {reader: PipeReader; to: NodeJS.WriteStream}[];
  #copies: Promise<void>[] = [];
  #inputClosed = false;

  constructor(dir: string, paths: StdioPaths) {
    this.paths = paths;
    this.#dir = dir;
    this.#stdin = openSync(paths.stdin, O_RDWR | O_NONBLOCK);
    const open = (path: string, to: NodeJS.WriteStream) =>
      path === '' ? [] : [{reader: openPipeReader(openSync(path, O_RDONLY | O_NONBLOCK)), to}];
    this.#outputs = [...open(paths.stdout, process.stdout), ...open(paths.stderr, process.stderr)];
  }

  connect(onInputEnd: () => Promise<void>): void {
    this.#copies = this.#outputs.map(async ({reader, to}) => {
      for await (const chunk of reader) await write(to, chunk);
    });
    for (const copy of this.#copies) copy.catch(() => {});
    void this.#copyInput(onInputEnd);
  }

  async #copyInput(onInputEnd: () => Promise<void>): Promise<void> {
    const writer = openPipeWriter(this.#stdin);
    this.#inputClosed = true; // the writer owns the descriptor now
    try {
      for await (const chunk of process.stdin as AsyncIterable<Buffer>) await writer.write(chunk);
      await writer.end();
      await onInputEnd();
    } catch {
      writer.close(); // the process ended before its input did
    }
  }

  async drained(): Promise<void> {
    await Promise.all(this.#copies);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#inputClosed) closeSync(this.#stdin);
    for (const {reader} of this.#outputs) reader.close();
    await rm(this.#dir, {recursive: true, force: true});
  }
}
