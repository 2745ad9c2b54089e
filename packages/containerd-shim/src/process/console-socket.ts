/** Where the runtime delivers the terminal of a process: a unix socket, one connection, one message, one descriptor. */
import {closeSync, rmSync} from 'node:fs';
import {randomHex, sleep} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {
  AT_FDCWD,
  acceptUnix,
  listenUnix,
  O_DIRECTORY,
  O_PATH,
  openAt,
  POLLIN,
  pollFd,
  receiveFds,
} from '@longshore/linux';

const receiveTimeoutMs = 10_000;
/** The name of the pty master; runc sends less than this. */
const nameBytes = 4096;

/**
 * It is a file of the bundle, which a killed shim leaves to its `delete` action as all else in there. Bundles have longer
 * paths than an address may have: the runtime gets one by way of our descriptor of the directory.
 */
export class ConsoleSocket implements Disposable {
  readonly path: string;
  readonly #directory: number;
  readonly #listener: number;
  #closed = false;

  constructor(bundle: string) {
    this.#directory = openAt(AT_FDCWD, bundle, O_PATH | O_DIRECTORY);
    this.path = `/proc/${process.pid}/fd/${this.#directory}/pty-${randomHex(4)}.sock`;
    try {
      this.#listener = listenUnix(this.path, {mode: 0o600, backlog: 1});
    } catch (error) {
      closeSync(this.#directory);
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
    rmSync(this.path, {force: true});
    closeSync(this.#directory);
  }
}

async function until<T>(deadline: number, attempt: () => T | undefined): Promise<T> {
  for (let result = attempt(); ; result = attempt()) {
    if (result !== undefined) return result;
    if (Date.now() > deadline) throw new EngineError('deadline-exceeded', 'the runtime sends no terminal');
    await sleep(2);
  }
}
