/** What a shim writes into its bundle's `log` FIFO goes to our own standard error, as it is. */

import {writeSync} from 'node:fs';
import type {Logger} from '@longshore/base';
import {AT_FDCWD, O_NONBLOCK, O_RDWR, openAt, openPipeReader} from '@longshore/linux';

/** A line longer than this is cut into pieces: a shim may write what it likes. */
const maxLine = 16_384;
/** Kept for the error message when a shim dies early. */
const tailLines = 5;

export interface ShimLog extends Disposable {
  /** The last lines. */
  tail(): string;
}

/**
 * Opened for writing too, so that it never reads as ended: a shim may open and close it, and so may the next one.
 * The reader does not keep the daemon running.
 */
export function openShimLog(path: string, log: Logger, writeLine = writeToStderr): ShimLog {
  const fd = openAt(AT_FDCWD, path, O_RDWR | O_NONBLOCK);
  const tail: string[] = [];
  let rest = '';
  const emit = (line: string) => {
    if (line === '') return;
    tail.push(line);
    if (tail.length > tailLines) tail.shift();
    writeLine(line);
  };
  const reader = openPipeReader(fd, {
    ref: false,
    onData(chunk) {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(emit);
      for (; rest.length > maxLine; rest = rest.slice(maxLine)) emit(rest.slice(0, maxLine));
    },
    onError: error => log.warn({error}, 'cannot read the log of a shim'),
  });
  return {
    tail: () => [...tail, rest].filter(line => line !== '').join('; '),
    [Symbol.dispose]() {
      reader.close();
      emit(rest);
      rest = '';
    },
  };
}

function writeToStderr(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // A closed or full standard error must not end the daemon; there is nowhere left to report it.
  }
}
