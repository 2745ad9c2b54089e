/** The FIFOs of exec'd processes, beside those of their container. */
import {rmSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import type {Logger} from '@longshore/base';
import type {ExecIo, ExecIoFactory, ExecIoRequest} from '../../core/ports/exec-io.ts';
import type {Owner} from '../../core/users/remapping.ts';
import {makeFifos} from './make-fifos.ts';
import {OutputPump} from './output-pump.ts';
import {readPiece} from './read-piece.ts';
import {StdinPipe} from './stdin-pipe.ts';

export class ExecStdio implements ExecIoFactory {
  readonly #root: string;
  readonly #log: Logger;
  readonly #owner: Owner | undefined;

  /** `root` is `<exec-root>/containerd`; `owner` the root of remapped containers. */
  constructor(root: string, log: Logger, owner?: Owner) {
    this.#owner = owner;
    this.#root = root;
    this.#log = log;
  }

  async create(request: ExecIoRequest): Promise<ExecIo> {
    const {containerId, execId, receiver, tty} = request;
    const directory = join(this.#root, containerId);
    await mkdir(directory, {recursive: true, mode: 0o700});
    const path = (wanted: boolean, name: string) => (wanted ? join(directory, `${execId}-${name}`) : '');
    const paths = {
      stdin: path(request.stdin, 'stdin'),
      stdout: path(request.stdout || (tty && request.stderr), 'stdout'),
      stderr: path(request.stderr && !tty, 'stderr'),
    };
    makeFifos(paths, this.#owner);
    const streams = (['stdout', 'stderr'] as const).filter(stream => paths[stream] !== '');
    const pumps = streams.map(stream => new OutputPump(paths[stream], stream, readPiece, receiver, this.#log));
    const stdin = paths.stdin ? new StdinPipe(paths.stdin) : undefined;
    return {
      paths,
      stdin,
      attached: () => stdin?.releaseGuard(),
      async finish() {
        await Promise.all(pumps.map(pump => pump.finish()));
        stdin?.close();
        for (const fifo of Object.values(paths)) if (fifo) rmSync(fifo, {force: true});
      },
    };
  }
}
