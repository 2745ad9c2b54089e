/** The shim's log: the FIFO `log` in the bundle, which containerd copies to its own. */
import {createLogger, type Logger, type LogLevel} from '@longshore/base';
import {AT_FDCWD, isErrno, O_NONBLOCK, O_RDWR, openAt, writeFd} from '@longshore/linux';

/**
 * Opens the FIFO for reading and writing: then neither the open nor a write needs a reader, and what is written while
 * containerd is away waits for it. A full FIFO drops lines; a log must never stop a container. Without the file, lines
 * go to standard error.
 */
export function openFifoLog(path: string, level: LogLevel): Logger {
  try {
    const fd = openAt(AT_FDCWD, path, O_RDWR | O_NONBLOCK);
    return createLogger({level, write: line => writeLine(fd, line)});
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return createLogger({level});
    throw error;
  }
}

function writeLine(fd: number, line: string): void {
  try {
    writeFd(fd, Buffer.from(line));
  } catch {
    // There is nowhere left to report it.
  }
}
