import {closeFd, O_CLOEXEC, O_NOCTTY, O_RDWR} from './fd.ts';
import {AT_FDCWD, openAt} from './open-at.ts';
import {openPtyPeer, ptyNumber, unlockPty} from './terminal.ts';

export type {WindowSize} from './terminal.ts';
export {
  clearOnlcr,
  disableEcho,
  getWindowSize,
  isTerminal,
  makeRaw,
  setControllingTerminal,
  setWindowSize,
} from './terminal.ts';

export interface Pty {
  master: number;
  slave: number;
  /** `/dev/pts/N` as this mount namespace sees it. */
  name: string;
}

/** A new pseudo-terminal, both ends CLOEXEC and neither the controlling terminal of this process. */
export function openPty(): Pty {
  const master = openAt(AT_FDCWD, '/dev/ptmx', O_RDWR | O_NOCTTY);
  try {
    unlockPty(master);
    const slave = openPtyPeer(master, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return {master, slave, name: `/dev/pts/${ptyNumber(master)}`};
  } catch (error) {
    closeFd(master);
    throw error;
  }
}
