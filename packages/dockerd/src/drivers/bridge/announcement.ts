/** Tells who has an address now: the one that had it before may still be in the caches of its neighbours. */
import {isErrorCode} from '@longshore/errdefs';
import {type Netlink, type PacketSocket, parseIp, parseMac} from '@longshore/linux';
import type {VethPair} from '../../core/networks/ports.ts';

const broadcast = Buffer.alloc(6, 0xff);
/** EtherType ARP; then hardware Ethernet, protocol IPv4, lengths 6 and 4, operation request (RFC 826). */
const arpHead = Buffer.from('0806' + '0001' + '0800' + '0604' + '0001', 'hex');

/** Drops the host's own entry, and sends an ARP announcement (RFC 5227) to everybody on the bridge. */
export function announceAddress(host: Netlink, frames: PacketSocket, {device, cidr, mac}: VethPair): void {
  const address = cidr.replace(/\/.*/, '');
  const {index} = host.linkGet(device);
  try {
    host.neighbourDelete({link: index, ip: address});
  } catch (error) {
    if (!isErrorCode(error, 'not-found')) throw error;
  }
  frames.send(index, announcement(parseMac(mac), parseIp(address)));
}

/** Sender and target are the same address, which is what makes it an announcement. */
export function announcement(mac: Uint8Array, address: Uint8Array): Buffer {
  return Buffer.concat([broadcast, mac, arpHead, mac, address, Buffer.alloc(6), address]);
}
