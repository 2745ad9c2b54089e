/** The FIFOs between this terminal and a process in a container. */
import {rmSync} from 'node:fs';
import {mkdir, mkdtemp} from 'node:fs/promises';
import {join} from 'node:path';
import {mkfifo} from '@longshore/linux';
import {InputCopy} from './input-copy.ts';
import {OutputCopy} from './output-copy.ts';

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

export interface InputEvents {
  /** Typed in this order they mean: leave it running. Empty for none. */
  detachKeys: Buffer;
  /** Our standard input has ended and all of it was written. */
  onEnd: () => Promise<void>;
  onDetach: () => void;
}

export interface Stdio extends Disposable {
  readonly paths: StdioPaths;
  /** Starts to show output; before the process starts. */
  showOutput(): void;
  /** Starts to pass input on; once the process runs, since one that has not started has no input to close. */
  passInput(events: InputEvents): void;
  /** Resolves when all output was shown, or none came for `emptyMs` from writers that are still there. */
  settle(emptyMs: number): Promise<void>;
  /** The FIFOs stay when this is disposed: somebody may attach to them later. */
  keepFifos(): void;
}

/** Makes the FIFOs and opens our ends, before the shim opens its own. They go when this is disposed or we exit. */
export async function openStdio(id: string, options: StdioOptions): Promise<Stdio> {
  if (options.none) return unconnected({stdin: '', stdout: '', stderr: ''});
  if (options.logUri) return unconnected({stdin: '', stdout: options.logUri, stderr: options.logUri});
  const parent = options.directory || defaultDirectory;
  await mkdir(parent, {recursive: true, mode: 0o700});
  const dir = await mkdtemp(`${parent}/`);
  const paths = {
    stdin: join(dir, `${id}-stdin`),
    stdout: join(dir, `${id}-stdout`),
    stderr: options.terminal ? '' : join(dir, `${id}-stderr`),
  };
  const remove = () => rmSync(dir, {recursive: true, force: true});
  try {
    for (const path of Object.values(paths)) if (path !== '') mkfifo(path, 0o600);
    return new FifoStdio(paths, remove);
  } catch (error) {
    remove();
    throw error;
  }
}

/** Our ends of FIFOs that another client has made; `remove` takes them away when they are of no use any more. */
export function reopenStdio(paths: StdioPaths, remove: () => void): Stdio {
  return new FifoStdio(paths, remove);
}

function unconnected(paths: StdioPaths): Stdio {
  return {
    paths,
    showOutput: () => {},
    passInput: () => {},
    settle: async () => {},
    keepFifos: () => {},
    [Symbol.dispose]: () => {},
  };
}

class FifoStdio implements Stdio {
  readonly paths: StdioPaths;
  /** Also when something calls process.exit(): our reader went away, or a second interrupt. */
  readonly #onExit: () => void;
  readonly #input: InputCopy | undefined;
  readonly #outputs: {copy: OutputCopy; to: NodeJS.WriteStream}[] = [];

  constructor(paths: StdioPaths, remove: () => void) {
    this.paths = paths;
    this.#onExit = remove;
    this.#input = paths.stdin === '' ? undefined : new InputCopy(paths.stdin);
    if (paths.stdout !== '') this.#outputs.push({copy: new OutputCopy(paths.stdout), to: process.stdout});
    if (paths.stderr !== '') this.#outputs.push({copy: new OutputCopy(paths.stderr), to: process.stderr});
    process.on('exit', this.#onExit);
  }

  showOutput(): void {
    for (const {copy, to} of this.#outputs) copy.start(to);
  }

  passInput({detachKeys, onEnd, onDetach}: InputEvents): void {
    void this.#input?.copy(detachKeys, onEnd, onDetach);
  }

  async settle(emptyMs: number): Promise<void> {
    await Promise.all(this.#outputs.map(({copy}) => copy.settle(emptyMs)));
  }

  keepFifos(): void {
    process.off('exit', this.#onExit);
  }

  [Symbol.dispose](): void {
    this.#input?.[Symbol.dispose]();
    for (const {copy} of this.#outputs) copy[Symbol.dispose]();
    if (process.listeners('exit').includes(this.#onExit)) this.#onExit();
    process.off('exit', this.#onExit);
  }
}
