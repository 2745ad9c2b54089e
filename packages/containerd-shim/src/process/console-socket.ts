/** Where the runtime delivers the terminal of a process: a unix socket, one connection, one message, one descriptor. */
import {closeSync, mkdtempSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {sleep} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {acceptUnix, listenUnix, POLLIN, pollFd, receiveFds} from '@longshore/linux';

const receiveTimeoutMs = 10_000;
/** The name of the pty master; runc sends less than this. */
const nameBytes = 4096;

export class ConsoleSocket implements Disposable {
  readonly path: string;
  readonly #directory: string;
  readonly #listener: number;
  #closed = false;

  constructor() {
    this.#directory = mkdtempSync(join(process.env.TMPDIR ?? '/tmp', 'pty'));
    this.path = join(this.#directory, 'pty.sock');
    try {
      this.#listener = listenUnix(this.path, {mode: 0o600, backlog: 1});
    } catch (error) {
      rmSync(this.#directory, {recursive: true, force: true});
      throw error;
    }
  }

  /** The pty master. By the time the runtime has returned it is waiting here, so this hardly ever waits. */
  async receive(): Promise<number> {
    const deadline = Date.now() + receiveTimeoutMs;
    const connection = await until(deadline, () => acceptUnix(this.#listener));
    try {
      await until(deadline, () => pollFd(connection, POLLIN) || undefined);
      const received = receiveFds(connection, nameBytes, 1);
      const master = received?.fds[0];
      if (master === undefined) throw new EngineError('unavailable', 'the runtime sent no terminal');
      return master;
    } finally {
      closeSync(connection);
    }
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#listener);
    rmSync(this.#directory, {recursive: true, force: true});
  }
}

async function until<T>(deadline: number, attempt: () => T | undefined): Promise<T> {
  for (let result = attempt(); ; result = attempt()) {
    if (result !== undefined) return result;
    if (Date.now() > deadline) throw new EngineError('deadline-exceeded', 'the runtime sends no terminal');
    await sleep(2);
  }
}
