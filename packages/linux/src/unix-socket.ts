import {Buffer} from 'node:buffer';
import {EngineError} from '@longshore/errdefs';
import {cstr, textUntilNul} from './c-string.ts';
import {Errno} from './errno-names.ts';
import {check, retryInterrupted, SystemCallError} from './errors.ts';
import {closeFd, setNonblock} from './fd.ts';
import {addressOf, bind, errno, keepAlive, type Pointer} from './libc.ts';
import {fchmodAt} from './nodes.ts';
import {AT_FDCWD} from './open-at.ts';
import {POLLIN, pollFd} from './poll.ts';

const nativeSocket = bind<[domain: number, type: number, protocol: number]>('socket', 'int', 'int', 'int', 'int');
const nativeSocketpair = bind<[domain: number, type: number, protocol: number, fds: Pointer]>(
  'socketpair',
  'int',
  'int',
  'int',
  'int',
  'void *',
);
const nativeBind = bind<[fd: number, address: Pointer, size: number]>('bind', 'int', 'int', 'void *', 'uint');
const nativeListen = bind<[fd: number, backlog: number]>('listen', 'int', 'int', 'int');
const nativeConnect = bind<[fd: number, address: Pointer, size: number]>('connect', 'int', 'int', 'void *', 'uint');
const nativeAccept = bind<[fd: number, address: Pointer, size: Pointer, flags: number]>(
  'accept4',
  'int',
  'int',
  'void *',
  'void *',
  'int',
);
const nativeGetsockname = bind<[fd: number, address: Pointer, size: Pointer]>(
  'getsockname',
  'int',
  'int',
  'void *',
  'void *',
);
const nativeGetsockopt = bind<[fd: number, level: number, name: number, value: Pointer, size: Pointer]>(
  'getsockopt',
  'int',
  'int',
  'int',
  'int',
  'void *',
  'void *',
);
const nativeSendmsg = bind<[fd: number, message: Pointer, flags: number]>('sendmsg', 'long', 'int', 'void *', 'int');
const nativeRecvmsg = bind<[fd: number, message: Pointer, flags: number]>('recvmsg', 'long', 'int', 'void *', 'int');
const nativeFchmod = bind<[fd: number, mode: number]>('fchmod', 'int', 'int', 'uint');

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SCM_RIGHTS = 1;
const MSG_CTRUNC = 0x08;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;

/** sun_path, with the NUL that ends it. */
export const unixPathMaximum = 107;

/** The kernel passes at most this many descriptors in one message (SCM_MAX_FD). */
export const passedFdsMaximum = 253;

/** Changes how many connections may wait at a socket that listens already; runtimes choose a number of their own. */
export function setBacklog(fd: number, backlog: number): void {
  check('listen on', `descriptor ${fd}`, nativeListen(fd, backlog));
}

/**
 * A listening stream socket (CLOEXEC, blocking) bound at `path`, which must not exist (EADDRINUSE is already-exists).
 * `mode` (default 0600) is exact whatever the umask, and the file is never more open than that. A path that does not fit sockaddr_un is
 * invalid-argument. The caller closes the descriptor and removes the path.
 */
export function listenUnix(path: string, options: {mode?: number; backlog?: number} = {}): number {
  const address = unixAddress(path);
  const fd = newSocket();
  try {
    // Linux gives the socket's file the mode of the socket itself, less the umask; the rest is added afterwards.
    check('set mode of', path, nativeFchmod(fd, options.mode ?? 0o600));
    if (nativeBind(fd, address, address.length) === -1) throw bindError(path);
    fchmodAt(AT_FDCWD, path, options.mode ?? 0o600);
    check('listen at', path, nativeListen(fd, options.backlog ?? 128));
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

function bindError(path: string): Error {
  const error = new SystemCallError('listen at', errno(), path);
  if (error.errno !== Errno.EADDRINUSE) return error;
  return new EngineError('already-exists', error.message, {cause: error});
}

/**
 * A connected stream socket (CLOEXEC, blocking). Unix sockets connect or fail (ECONNREFUSED, ENOENT) without delay,
 * except when the listener's backlog is full: with `nonblock` that is unavailable at once, and the socket non-blocking.
 */
export function connectUnix(path: string, options: {nonblock?: boolean} = {}): number {
  const address = unixAddress(path);
  const fd = newSocket();
  try {
    if (options.nonblock) setNonblock(fd);
    if (retryInterrupted(() => nativeConnect(fd, address, address.length)) === 0) return fd;
    throw connectError(path);
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

function connectError(path: string): Error {
  const error = new SystemCallError('connect to', errno(), path);
  if (error.errno !== Errno.EAGAIN) return error;
  return new EngineError('unavailable', error.message, {cause: error});
}

/** Two connected stream sockets, CLOEXEC and blocking. */
export function socketPair(): [number, number] {
  const fds = Buffer.alloc(8);
  check('make a socket pair', undefined, nativeSocketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
  return [fds.readInt32LE(0), fds.readInt32LE(4)];
}

/** A waiting connection (CLOEXEC, blocking), or undefined if there is none now. */
export function acceptUnix(listener: number): number | undefined {
  // Asked first: the listener may be a blocking one, and is often shared with another process.
  if (pollFd(listener, POLLIN) === 0) return undefined;
  const fd = retryInterrupted(() => nativeAccept(listener, null, null, SOCK_CLOEXEC));
  if (fd !== -1) return fd;
  if (errno() === Errno.EAGAIN) return undefined;
  throw new SystemCallError('accept on', errno(), `fd ${listener}`);
}

export interface PeerCredentials {
  pid: number;
  uid: number;
  gid: number;
}

/** The path that a socket is bound to; empty if it is not bound to one. */
export function localSocketPath(fd: number): string {
  const address = Buffer.alloc(2 + 108);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(address.length);
  check('get name of', `fd ${fd}`, nativeGetsockname(fd, address, size));
  // Linux counts the NUL of a full path too, for which there is no room here.
  return textUntilNul(address, 2, Math.min(size.readUInt32LE(), address.length));
}

/** Who connected (or, on a client's side, who called listen), as of that moment. */
export function peerCredentials(fd: number): PeerCredentials {
  const value = Buffer.alloc(12);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(12);
  check('get peer of', `fd ${fd}`, nativeGetsockopt(fd, SOL_SOCKET, SO_PEERCRED, value, size));
  return {pid: value.readInt32LE(0), uid: value.readUInt32LE(4), gid: value.readUInt32LE(8)};
}

/**
 * Sends `data` (at least one byte) and duplicates of `fds` in one message; answers the bytes sent, undefined if the
 * socket is non-blocking and full.
 */
export function sendFds(socket: number, data: Uint8Array, fds: readonly number[]): number | undefined {
  if (data.length === 0 || fds.length > passedFdsMaximum)
    throw new EngineError('invalid-argument', `cannot pass ${fds.length} descriptors with ${data.length} bytes`);
  const control = fds.length === 0 ? null : controlOf(fds);
  const count = withMessage(data, control, message =>
    retryInterrupted(() => nativeSendmsg(socket, message, MSG_NOSIGNAL)),
  );
  if (count.result !== -1) return count.result;
  if (count.errno === Errno.EAGAIN) return undefined;
  throw new SystemCallError('send descriptors through', count.errno, `fd ${socket}`);
}

export interface ReceivedFds {
  /** Empty when the other side has closed. */
  data: Buffer;
  /** CLOEXEC; the caller owns them. */
  fds: number[];
}

/**
 * Receives one message with up to `maximumFds` descriptors; undefined if there is none now (non-blocking sockets).
 * If more descriptors came than fit, all are closed and it throws out-of-range.
 */
export function receiveFds(socket: number, maximumBytes: number, maximumFds: number): ReceivedFds | undefined {
  const data = Buffer.alloc(maximumBytes);
  const control = Buffer.alloc(16 + align(maximumFds * 4));
  const got = withMessage(data, control, message =>
    retryInterrupted(() => nativeRecvmsg(socket, message, MSG_CMSG_CLOEXEC)),
  );
  if (got.result === -1) {
    if (got.errno === Errno.EAGAIN) return undefined;
    throw new SystemCallError('receive descriptors from', got.errno, `fd ${socket}`);
  }
  const fds = parseControl(control.subarray(0, got.controlLength));
  if ((got.flags & MSG_CTRUNC) !== 0 || fds.length > maximumFds) {
    for (const fd of fds) closeFd(fd);
    throw new EngineError('out-of-range', `more than ${maximumFds} descriptors came through fd ${socket}`);
  }
  return {data: data.subarray(0, got.result), fds};
}

/** struct cmsghdr {size_t len; int level, type} followed by the descriptors. */
function controlOf(fds: readonly number[]): Buffer {
  const control = Buffer.alloc(16 + align(fds.length * 4));
  control.writeBigUInt64LE(BigInt(16 + fds.length * 4), 0);
  control.writeInt32LE(SOL_SOCKET, 8);
  control.writeInt32LE(SCM_RIGHTS, 12);
  for (const [i, fd] of fds.entries()) control.writeInt32LE(fd, 16 + i * 4);
  return control;
}

function parseControl(control: Buffer): number[] {
  const fds: number[] = [];
  for (let at = 0; at + 16 <= control.length; ) {
    const length = Number(control.readBigUInt64LE(at));
    if (length < 16 || at + length > control.length) break;
    if (control.readInt32LE(at + 8) === SOL_SOCKET && control.readInt32LE(at + 12) === SCM_RIGHTS)
      for (let item = at + 16; item + 4 <= at + length; item += 4) fds.push(control.readInt32LE(item));
    at += align(length);
  }
  return fds;
}

function align(size: number): number {
  return (size + 7) & ~7;
}

interface MessageResult {
  result: number;
  errno: number;
  controlLength: number;
  flags: number;
}

/** Builds struct msghdr (56 bytes) with one iovec, makes the call, and reads what the kernel wrote back. */
function withMessage(data: Uint8Array, control: Buffer | null, call: (message: Buffer) => number): MessageResult {
  const iovec = Buffer.alloc(16);
  const message = Buffer.alloc(56);
  // SAFETY: the structs hold the addresses of `data`, `control` and `iovec`, which keepAlive holds until the call is over.
  return keepAlive([data, control, iovec, message], () => {
    iovec.writeBigUInt64LE(addressOf(data), 0);
    iovec.writeBigUInt64LE(BigInt(data.length), 8);
    message.writeBigUInt64LE(addressOf(iovec), 16);
    message.writeBigUInt64LE(1n, 24);
    if (control) {
      message.writeBigUInt64LE(addressOf(control), 32);
      message.writeBigUInt64LE(BigInt(control.length), 40);
    }
    const result = call(message);
    const number = result === -1 ? errno() : 0;
    return {result, errno: number, controlLength: Number(message.readBigUInt64LE(40)), flags: message.readInt32LE(48)};
  });
}

function newSocket(): number {
  return check('make a socket', undefined, nativeSocket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

/** struct sockaddr_un. A path that begins with NUL or "@" is not treated as abstract: paths only. */
function unixAddress(path: string): Buffer {
  const bytes = cstr(path);
  if (bytes.length < 2 || bytes.length > unixPathMaximum + 1)
    throw new EngineError(
      'invalid-argument',
      `socket path must have 1 to ${unixPathMaximum} bytes: ${JSON.stringify(path)}`,
    );
  const address = Buffer.alloc(2 + bytes.length);
  address.writeUInt16LE(AF_UNIX, 0);
  bytes.copy(address, 2);
  return address;
}
