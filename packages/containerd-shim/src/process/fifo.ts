/**
 * A client's FIFOs. The process gets its own open of the FIFO, without a copy in between, and in blocking mode: flags
 * such as O_NONBLOCK belong to the open file, so the shim's own opens of it may have them.
 *
 * Output: the shim keeps a reading end. A client that goes away then neither kills the writer (SIGPIPE) nor loses what
 * the pipe holds, and one that comes back reads on. The shim keeps no writing end, so the client sees the end of file
 * when the last process has closed the stream.
 * Input: the shim keeps a writing end, so a client that goes away is not the end of input, until `CloseIO` drops it.
 */
import {closeSync, fchownSync, fstatSync, statSync} from 'node:fs';
import {EngineError} from '@longshore/errdefs';
import {AT_FDCWD, O_NONBLOCK, O_RDONLY, O_WRONLY, openAt, setNonblock} from '@longshore/linux';

export interface FifoOwner {
  uid: number;
  gid: number;
}

export interface FifoEnds {
  /** For the process: blocking, and its alone. */
  child: number;
  /** Stays with the shim. */
  kept: number;
}

/** Opens a FIFO for a process to write to. */
export function openOutputFifo(path: string, owner: FifoOwner): FifoEnds {
  const kept = openAt(AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
  return withKept(kept, owner, () => openAt(AT_FDCWD, path, O_WRONLY)); // has a reader: does not block
}

/** Opens a FIFO for a process to read from. */
export function openInputFifo(path: string, owner: FifoOwner): FifoEnds {
  const child = openAt(AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
  const {child: kept} = withKept(child, owner, () => openAt(AT_FDCWD, path, O_WRONLY | O_NONBLOCK));
  setNonblock(child, false);
  return {child, kept};
}

function withKept(kept: number, owner: FifoOwner, open: () => number): FifoEnds {
  try {
    changeOwner(kept, owner);
    return {kept, child: open()};
  } catch (error) {
    closeSync(kept);
    throw error;
  }
}

/** Gives a pipe or FIFO to the user that the container's root is outside; 0 changes nothing. */
export function changeOwner(fd: number, owner: FifoOwner): void {
  if (owner.uid === 0 && owner.gid === 0) return;
  const {uid, gid} = fstatSync(fd);
  fchownSync(fd, owner.uid || uid, owner.gid || gid);
}

/** Throws not-found when nothing is there. */
export function isFifo(path: string): boolean {
  const status = statSync(path, {throwIfNoEntry: false});
  if (!status) throw new EngineError('not-found', `cannot open "${path}": no such file or directory: not found`);
  return status.isFIFO();
}
