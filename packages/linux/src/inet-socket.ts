import {Buffer} from 'node:buffer';
import {EngineError} from '@longshore/errdefs';
import {Errno} from './errno-names.ts';
import {check, retryInterrupted, SystemCallError} from './errors.ts';
import {closeFd} from './fd.ts';
import {bind, errno, type Pointer} from './libc.ts';
import {formatIp, parseIp} from './netlink/ip.ts';

const nativeSocket = bind<[domain: number, type: number, protocol: number]>('socket', 'int', 'int', 'int', 'int');
const nativeBind = bind<[fd: number, address: Pointer, size: number]>('bind', 'int', 'int', 'void *', 'uint');
const nativeListen = bind<[fd: number, backlog: number]>('listen', 'int', 'int', 'int');
const nativeGetsockname = bind<[fd: number, address: Pointer, size: Pointer]>(
  'getsockname',
  'int',
  'int',
  'void *',
  'void *',
);
const nativeSetsockopt = bind<[fd: number, level: number, name: number, value: Pointer, size: number]>(
  'setsockopt',
  'int',
  'int',
  'int',
  'int',
  'void *',
  'uint',
);

const nativeReceive = bind<
  [fd: number, data: Pointer, size: number, flags: number, address: Pointer, addressSize: Pointer]
>('recvfrom', 'long', 'int', 'void *', 'size_t', 'int', 'void *', 'void *');
const nativeSend = bind<
  [fd: number, data: Pointer, size: number, flags: number, address: Pointer, addressSize: number]
>('sendto', 'long', 'int', 'void *', 'size_t', 'int', 'void *', 'uint');

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_CLOEXEC = 0o2000000;
/** sizeof(struct sockaddr_in6) */
const addressMaximum = 28;
const socketTypes = {tcp: 1, udp: 2, sctp: 1} as const;
const IPPROTO_SCTP = 132;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** The largest payload of UDP fits. */
const datagramMaximum = 64 * 1024;
/** The kernel cuts it to net.core.somaxconn. */
const backlog = 4096;

export type InetProtocol = keyof typeof socketTypes;

/**
 * A bound socket (CLOEXEC, blocking), listening unless it is UDP, of the network namespace of this moment: inside
 * `inNetns` it belongs to that one for good. Port 0 lets the kernel choose; see `inetSocketName`. IPv6 sockets take no
 * IPv4. The caller closes it. A taken address (EADDRINUSE) is already-exists.
 */
export function bindInet(protocol: InetProtocol, address: string, port: number): number {
  const name = socketAddress(address, port);
  const family = name.readUInt16LE(0);
  const number = protocol === 'sctp' ? IPPROTO_SCTP : 0;
  const subject = `${address}:${port}/${protocol}`;
  const fd = check('make socket', subject, nativeSocket(family, socketTypes[protocol] | SOCK_CLOEXEC, number));
  try {
    const on = Buffer.from([1, 0, 0, 0]);
    if (family === AF_INET6) check('set up', subject, nativeSetsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, on, 4));
    // For TCP it lets a port be taken whose last connections are in TIME_WAIT; for UDP it would let two share it.
    if (protocol !== 'udp') check('set up', subject, nativeSetsockopt(fd, SOL_SOCKET, SO_REUSEADDR, on, 4));
    if (nativeBind(fd, name, name.length) === -1) throw bindError(subject);
    if (protocol !== 'udp' && nativeListen(fd, backlog) === -1) throw bindError(subject);
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** Where an IPv4 or IPv6 socket is bound. */
export function inetSocketName(fd: number): {address: string; port: number} {
  const name = Buffer.alloc(addressMaximum);
  check('get name of', `fd ${fd}`, nativeGetsockname(fd, name, Buffer.from([addressMaximum, 0, 0, 0])));
  return readAddress(name);
}

let datagramBuffer: Buffer | undefined;

/** A waiting datagram and who sent it, or undefined if there is none. Errors of earlier sends (ECONNREFUSED) are thrown. */
export function receiveDatagram(fd: number): {data: Buffer; address: string; port: number} | undefined {
  datagramBuffer ??= Buffer.allocUnsafeSlow(datagramMaximum);
  const buffer = datagramBuffer;
  const name = Buffer.alloc(addressMaximum);
  const nameSize = Buffer.from([addressMaximum, 0, 0, 0]);
  const size = retryInterrupted(() => nativeReceive(fd, buffer, buffer.length, MSG_DONTWAIT, name, nameSize));
  if (size !== -1) return {data: Buffer.from(buffer.subarray(0, size)), ...readAddress(name)};
  if (errno() === Errno.EAGAIN) return undefined;
  throw new SystemCallError('receive on', errno(), `fd ${fd}`);
}

/** Sends a datagram; false when the socket's buffer is full. Throws for what the network refuses. */
export function sendDatagram(fd: number, data: Uint8Array, address: string, port: number): boolean {
  const name = socketAddress(address, port);
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  if (retryInterrupted(() => nativeSend(fd, data, data.length, flags, name, name.length)) !== -1) return true;
  if (errno() === Errno.EAGAIN) return false;
  throw new SystemCallError('send to', errno(), `${address}:${port}`);
}

function readAddress(name: Buffer): {address: string; port: number} {
  const isV6 = name.readUInt16LE(0) === AF_INET6;
  return {address: formatIp(isV6 ? name.subarray(8, 24) : name.subarray(4, 8)), port: name.readUInt16BE(2)};
}

/** struct sockaddr_in {u16 family; be16 port; u8 address[4], zero[8]} or sockaddr_in6 with flow info before and scope behind. */
function socketAddress(address: string, port: number): Buffer {
  const bytes = parseIp(address);
  const isV6 = bytes.length === 16;
  const name = Buffer.alloc(isV6 ? 28 : 16);
  name.writeUInt16LE(isV6 ? AF_INET6 : AF_INET, 0);
  name.writeUInt16BE(port, 2);
  bytes.copy(name, isV6 ? 8 : 4);
  return name;
}

function bindError(subject: string): Error {
  const error = new SystemCallError('listen at', errno(), subject);
  if (error.errno !== Errno.EADDRINUSE) return error;
  return new EngineError('already-exists', error.message, {cause: error});
}
