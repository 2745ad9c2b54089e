/** Tells who has an address now: the one that had it before may still be in the caches of its neighbours. */
import {isErrorCode} from '@longshore/errdefs';
import {type Netlink, type PacketSocket, parseIp, parseMac} from '@longshore/linux';
import type {VethPair} from '../../core/networks/ports.ts';

const broadcast = Buffer.alloc(6, 0xff);
/** EtherType ARP; then hardware Ethernet, protocol IPv4, lengths 6 and 4, operation request (RFC 826). */
const arpHead = Buffer.from('0806' + '0001' + '0800' + '0604' + '0001', 'hex');

/** 33:33 and the end of ff02::1, where all nodes of the link listen (RFC 2464, 7). */
const allNodesMac = Buffer.from('333300000001', 'hex');
const allNodes = parseIp('ff02::1');
const protocolIcmpv6 = 58;
/** Override, and not solicited. */
const overrideFlag = 0x20;

/**
 * Drops the host's own entries, and tells everybody on the bridge: by an ARP announcement (RFC 5227), and an
 * unsolicited neighbour advertisement (RFC 4861, 7.2.6).
 */
export function announceAddress(host: Netlink, frames: PacketSocket, {device, cidr, cidr6, mac}: VethPair): void {
  const {index} = host.linkGet(device);
  const address = addressOf(cidr);
  forget(host, index, address);
  frames.send(index, announcement(parseMac(mac), parseIp(address)));
  if (cidr6 === undefined) return;
  const address6 = addressOf(cidr6);
  forget(host, index, address6);
  frames.send(index, advertisement(parseMac(mac), parseIp(address6)));
}

function addressOf(cidr: string): string {
  return cidr.replace(/\/.*/, '');
}

function forget(host: Netlink, link: number, ip: string): void {
  try {
    host.neighbourDelete({link, ip});
  } catch (error) {
    if (!isErrorCode(error, 'not-found')) throw error;
  }
}

/** Sender and target are the same address, which is what makes it an announcement. */
export function announcement(mac: Uint8Array, address: Uint8Array): Buffer {
  return Buffer.concat([broadcast, mac, arpHead, mac, address, Buffer.alloc(6), address]);
}

/** An Ethernet frame with IPv6, hop limit 255, and an ICMPv6 message of type 136 with the sender's link address. */
export function advertisement(mac: Uint8Array, address: Uint8Array): Buffer {
  const message = Buffer.concat([
    Buffer.from([136, 0, 0, 0, overrideFlag, 0, 0, 0]),
    address,
    Buffer.from([2, 1]), // target link-layer address, one unit of 8 bytes
    mac,
  ]);
  const pseudoHeader = Buffer.concat([address, allNodes, Buffer.from([0, 0, 0, message.length, 0, 0, 0, 58])]);
  message.writeUInt16BE(checksum(Buffer.concat([pseudoHeader, message])), 2);
  const header = Buffer.from([0x60, 0, 0, 0, 0, message.length, protocolIcmpv6, 255]);
  return Buffer.concat([allNodesMac, mac, Buffer.from('86dd', 'hex'), header, address, allNodes, message]);
}

/** The internet checksum (RFC 1071) of an even number of bytes. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
