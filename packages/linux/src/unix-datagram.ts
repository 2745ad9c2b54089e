import {Buffer} from 'node:buffer';
import {cstr} from './c-string.ts';
import {check, retryInterrupted, SystemCallError} from './errors.ts';
import {closeFd} from './fd.ts';
import {bind, errno, type Pointer} from './libc.ts';

const nativeSocket = bind<[domain: number, type: number, protocol: number]>('socket', 'int', 'int', 'int', 'int');
const nativeSendto = bind<
  [fd: number, data: Pointer, size: number, flags: number, address: Pointer, addressSize: number]
>('sendto', 'long', 'int', 'void *', 'size_t', 'int', 'void *', 'uint');

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** Sends one datagram to a unix socket, as sd_notify(3) does. A path that begins with `@` is an abstract one. */
export function sendUnixDatagram(path: string, content: string | Uint8Array): void {
  const fd = check('make a socket', undefined, nativeSocket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  try {
    const isAbstract = path.startsWith('@');
    const name = isAbstract ? Buffer.from(`\0${path.slice(1)}`) : cstr(path);
    const address = Buffer.alloc(2 + name.length);
    address.writeUInt16LE(AF_UNIX, 0);
    name.copy(address, 2);
    const data = Buffer.from(content);
    const send = () => nativeSendto(fd, data, data.length, MSG_DONTWAIT | MSG_NOSIGNAL, address, address.length);
    if (retryInterrupted(send) === -1) throw new SystemCallError('send to', errno(), path);
  } finally {
    closeFd(fd);
  }
}
