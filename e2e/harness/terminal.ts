/** A client on a real pseudo-terminal: what a person at a keyboard does and sees. */
import {type ChildProcess, spawn} from 'node:child_process';
import {closeSync} from 'node:fs';
import {ReadStream} from 'node:tty';
import {openPty, setWindowSize} from '@longshore/linux';
import {type Engine, poll} from '@longshore/testing';

export interface TerminalSize {
  rows: number;
  columns: number;
}

export class Terminal implements Disposable {
  /** All that was shown so far. */
  shown = '';
  /** Exit code of the client; 128 + signal when killed. */
  readonly exited: Promise<number>;
  readonly #child: ChildProcess;
  readonly #stream: ReadStream;
  readonly #master: number;

  /** Starts `argv` in the engine's namespaces with the pty as its controlling terminal. */
  constructor(
    engine: Pick<Engine, 'sandbox' | 'clientEnv'>,
    argv: string[],
    size: TerminalSize = {rows: 24, columns: 80},
    env = engine.clientEnv(),
  ) {
    const {master, slave} = openPty();
    this.#master = master;
    setWindowSize(master, size);
    const enter = ['--target', String(engine.sandbox.pid), '--mount', '--net', '--', 'setsid', '--ctty', '--wait'];
    this.#child = spawn('nsenter', [...enter, ...argv], {env, stdio: [slave, slave, slave]});
    closeSync(slave);
    this.exited = new Promise(resolve =>
      this.#child.once('exit', (code, signal) => resolve(code ?? (signal ? 128 : 255))),
    );
    this.#stream = new ReadStream(master);
    this.#stream.setRawMode(true);
    this.#stream.on('data', chunk => {
      this.shown += chunk.toString();
    });
    // Reading a master whose last slave is closed fails with EIO: the end of the session, not an error.
    this.#stream.on('error', () => {});
  }

  type(text: string): void {
    (this.#stream as unknown as NodeJS.WritableStream).write(text);
  }

  resize(size: TerminalSize): void {
    setWindowSize(this.#master, size);
  }

  /** Waits until the text, or a match of the pattern, is on the screen. */
  async expect(what: string | RegExp, timeout = 15_000): Promise<void> {
    const seen = () => (typeof what === 'string' ? this.shown.includes(what) : what.test(this.shown));
    await poll(seen, {timeout, what: `${what} on the terminal`}).catch(error => {
      throw new Error(`${error.message}; shown: ${JSON.stringify(this.shown)}`);
    });
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
    this.#stream.destroy();
  }
}
