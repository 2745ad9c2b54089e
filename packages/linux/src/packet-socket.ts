import {Buffer} from 'node:buffer';
import {check} from './errors.ts';
import {closeFd} from './fd.ts';
import {bind, type Pointer} from './libc.ts';

const nativeSocket = bind<[domain: number, type: number, protocol: number]>('socket', 'int', 'int', 'int', 'int');
const nativeSend = bind<
  [fd: number, data: Pointer, size: number, flags: number, address: Pointer, addressSize: number]
>('sendto', 'long', 'int', 'void *', 'size_t', 'int', 'void *', 'uint');

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const sockaddrSize = 20;

/** Sends whole Ethernet frames; receives nothing (its protocol is 0). Of the network namespace in which it was opened. */
export class PacketSocket implements Disposable {
  readonly #fd = check(
    'open packet socket',
    undefined,
    nativeSocket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
  );

  /** Sends a frame, from its destination address on, through the link of this index. Throws when the link is down. */
  send(linkIndex: number, frame: Uint8Array): void {
    // struct sockaddr_ll {u16 family; be16 protocol; int ifindex; u16 hatype; u8 pkttype, halen, addr[8]}
    const address = Buffer.alloc(sockaddrSize);
    address.writeUInt16LE(AF_PACKET, 0);
    address.writeInt32LE(linkIndex, 4);
    check('send frame', `link ${linkIndex}`, nativeSend(this.#fd, frame, frame.length, 0, address, sockaddrSize));
  }

  [Symbol.dispose](): void {
    closeFd(this.#fd);
  }
}
