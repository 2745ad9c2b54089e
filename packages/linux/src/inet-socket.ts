import {Buffer} from 'node:buffer';
import {EngineError} from '@longshore/errdefs';
import {Errno} from './errno-names.ts';
import {check, SystemCallError} from './errors.ts';
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

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_CLOEXEC = 0o2000000;
const socketTypes = {tcp: 1, udp: 2, sctp: 1} as const;
const IPPROTO_SCTP = 132;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
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
  const name = Buffer.alloc(28);
  const size = Buffer.from([name.length, 0, 0, 0]);
  check('get name of', `fd ${fd}`, nativeGetsockname(fd, name, size));
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
