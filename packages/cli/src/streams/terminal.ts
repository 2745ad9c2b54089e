/** The user's terminal: raw mode while a container's terminal is attached to it, and its size. */
import type {ReadStream} from 'node:tty';

/**
 * Puts the terminal into raw mode, output included: the container's own terminal already turns `\n` into `\r\n`, and
 * the runtime's raw mode would do it once more. Disposing restores what was.
 */
export async function rawTerminal(stdin: ReadStream): Promise<Disposable> {
  const {makeRaw} = await import('./raw-mode.ts');
  return makeRaw(stdin);
}

export interface TerminalSize {
  rows: number;
  columns: number;
}

/** Size of the terminal that output goes to; undefined when it goes to none. */
export function terminalSize(stdout: NodeJS.WriteStream): TerminalSize | undefined {
  if (!stdout.isTTY) return undefined;
  const [columns, rows] = stdout.getWindowSize();
  return columns > 0 && rows > 0 ? {rows, columns} : undefined;
}

/** How often a first resize is tried again: the process may not be there yet. */
const resizeAttempts = 10;
const resizeRetryMs = 10;

/**
 * Keeps the container's terminal as large as ours; `resize` asks the engine. `redraws` makes the first size a change
 * even if it is none. Disposing stops it.
 */
export function followSize(
  stdout: NodeJS.WriteStream,
  resize: (size: TerminalSize) => Promise<unknown>,
  redraws = false,
): Disposable {
  const send = async (attempts: number): Promise<void> => {
    const size = terminalSize(stdout);
    if (!size) return;
    for (let attempt = 1; ; attempt++) {
      try {
        if (redraws && attempts > 1) await resize({rows: size.rows + 1, columns: size.columns + 1});
        await resize(size);
        return;
      } catch {
        if (attempt >= attempts) return; // a process that is gone, or will be, needs no size
        await new Promise(resolve => setTimeout(resolve, resizeRetryMs * attempt));
      }
    }
  };
  const onChange = () => void send(1);
  void send(resizeAttempts);
  process.on('SIGWINCH', onChange);
  return {[Symbol.dispose]: () => void process.off('SIGWINCH', onChange)};
}

/** Throws as Docker does when `-t` is asked for and input is no terminal. */
export function checkTerminalInput(stdin: ReadStream, wantsInput: boolean, wantsTerminal: boolean): void {
  if (!wantsInput || !wantsTerminal || stdin.isTTY) return;
  throw new Error('the input device is not a TTY');
}
