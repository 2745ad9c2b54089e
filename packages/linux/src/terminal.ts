import {Buffer} from 'node:buffer';
import {check} from './errors.ts';
import {ioctl} from './ioctl.ts';
import {bind} from './libc.ts';

const ioctlNumber = bind<[fd: number, request: number, argument: number]>('ioctl', 'int', 'int', 'ulong', 'long');

const TCGETS = 0x5401;
const TCSETS = 0x5402;
const TIOCSCTTY = 0x540e;
const TIOCGWINSZ = 0x5413;
const TIOCSWINSZ = 0x5414;
const TIOCGPTN = 0x80045430;
const TIOCSPTLCK = 0x40045431;
const TIOCGPTPEER = 0x5441;

/** The kernel's struct termios: four 32-bit flag words, line discipline, 19 control characters. */
const termiosSize = 36;

export interface WindowSize {
  rows: number;
  columns: number;
}

export function isTerminal(fd: number): boolean {
  return ioctl(fd, TCGETS, Buffer.alloc(termiosSize)) === 0;
}

/** Resizes the terminal; its foreground process group gets SIGWINCH if that changes anything. */
export function setWindowSize(fd: number, size: WindowSize): void {
  const buffer = Buffer.alloc(8);
  buffer.writeUInt16LE(size.rows, 0);
  buffer.writeUInt16LE(size.columns, 2);
  check('set window size of', `fd ${fd}`, ioctl(fd, TIOCSWINSZ, buffer));
}

export function getWindowSize(fd: number): WindowSize {
  const buffer = Buffer.alloc(8);
  check('get window size of', `fd ${fd}`, ioctl(fd, TIOCGWINSZ, buffer));
  return {rows: buffer.readUInt16LE(0), columns: buffer.readUInt16LE(2)};
}

function getTermios(fd: number): Buffer {
  const termios = Buffer.alloc(termiosSize);
  check('get attributes of', `fd ${fd}`, ioctl(fd, TCGETS, termios));
  return termios;
}

function setTermios(fd: number, termios: Buffer): void {
  check('set attributes of', `fd ${fd}`, ioctl(fd, TCSETS, termios));
}

const ICRNL_ETC = 0o1 | 0o2 | 0o10 | 0o40 | 0o100 | 0o200 | 0o400 | 0o2000; // IGNBRK BRKINT PARMRK ISTRIP INLCR IGNCR ICRNL IXON
const OPOST = 0o1;
const ONLCR = 0o4;
const ECHO_ETC = 0o10 | 0o100 | 0o2 | 0o1 | 0o100000; // ECHO ECHONL ICANON ISIG IEXTEN
const ECHO = 0o10;
const CSIZE_PARENB = 0o60 | 0o400;
const CS8 = 0o60;
const VTIME = 5;
const VMIN = 6;

/** Puts a terminal into raw mode as cfmakeraw(3) does, and returns the function that puts it back. */
export function makeRaw(fd: number): () => void {
  const before = getTermios(fd);
  const raw = Buffer.from(before);
  raw.writeUInt32LE((before.readUInt32LE(0) & ~ICRNL_ETC) >>> 0, 0);
  raw.writeUInt32LE((before.readUInt32LE(4) & ~OPOST) >>> 0, 4);
  raw.writeUInt32LE(((before.readUInt32LE(8) & ~CSIZE_PARENB) | CS8) >>> 0, 8);
  raw.writeUInt32LE((before.readUInt32LE(12) & ~ECHO_ETC) >>> 0, 12);
  raw[17 + VMIN] = 1;
  raw[17 + VTIME] = 0;
  setTermios(fd, raw);
  return () => setTermios(fd, before);
}

/** Stops the terminal from showing what is typed (a password), and returns the function that puts it back. */
export function disableEcho(fd: number): () => void {
  const before = getTermios(fd);
  const silent = Buffer.from(before);
  silent.writeUInt32LE((before.readUInt32LE(12) & ~ECHO) >>> 0, 12);
  setTermios(fd, silent);
  return () => setTermios(fd, before);
}

/** Stops the terminal from turning "\n" into "\r\n" on output, as containerd's console code does for a container. */
export function clearOnlcr(fd: number): void {
  const termios = getTermios(fd);
  termios.writeUInt32LE((termios.readUInt32LE(4) & ~ONLCR) >>> 0, 4);
  setTermios(fd, termios);
}

/** Makes the terminal the controlling one of this process, which must lead a session without one. */
export function setControllingTerminal(fd: number): void {
  check('set controlling terminal', `fd ${fd}`, ioctlNumber(fd, TIOCSCTTY, 0));
}

/** Number N of /dev/pts/N behind a pty master. */
export function ptyNumber(master: number): number {
  const buffer = Buffer.alloc(4);
  check('get pty number of', `fd ${master}`, ioctl(master, TIOCGPTN, buffer));
  return buffer.readUInt32LE(0);
}

/** True for the master side of a pseudo-terminal. */
export function isPtyMaster(fd: number): boolean {
  return ioctl(fd, TIOCGPTN, Buffer.alloc(4)) === 0;
}

/** Lets the slave be opened. */
export function unlockPty(master: number): void {
  check('unlock pty of', `fd ${master}`, ioctl(master, TIOCSPTLCK, Buffer.alloc(4)));
}

/** Opens the slave of a master, whatever devpts instance it is of (Linux 4.13). `flags` as of open(2). */
export function openPtyPeer(master: number, flags: number): number {
  return check('open pty slave of', `fd ${master}`, ioctlNumber(master, TIOCGPTPEER, flags));
}
