import type {Buffer} from 'node:buffer';
import {
  attributeText,
  attributeU32,
  decodeAttributes,
  fixedPart,
  MessageBuilder,
  NLM_F_CREATE,
  NLM_F_EXCL,
} from './codec.ts';
import {AF_INET, AF_INET6, broadcastOf, formatIp, parseIp, parsePrefix} from './ip.ts';
import {indexOf, type LinkId} from './link.ts';
import type {NetlinkSocket} from './socket.ts';

const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;

const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_LABEL = 3;
const IFA_BROADCAST = 4;
const IFA_FLAGS = 8;
const IFA_F_NODAD = 0x02;
const ifaddrmsgSize = 8;

export interface Address {
  /** `172.17.0.1/16` */
  prefix: string;
  family: 'ipv4' | 'ipv6';
  linkIndex: number;
  /** RT_SCOPE_*: 0 global, 253 link, 254 host. */
  scope: number;
  /** IFA_F_* bits. */
  flags: number;
  label?: string;
  broadcast?: string;
}

export interface AddressOptions {
  /** IPv4: the address, or true for the one with all host bits set. Default none. */
  broadcast?: string | true;
  scope?: number;
  /** IPv6: use it at once, without duplicate address detection. */
  noDuplicateDetection?: boolean;
}

export function addAddress(socket: NetlinkSocket, link: LinkId, prefix: string, options: AddressOptions): void {
  const message = addressMessage(socket, link, prefix, options.scope ?? 0);
  const parsed = parsePrefix(prefix);
  if (options.broadcast !== undefined)
    message.attribute(IFA_BROADCAST, options.broadcast === true ? broadcastOf(parsed) : parseIp(options.broadcast));
  if (options.noDuplicateDetection) message.u32(IFA_FLAGS, IFA_F_NODAD);
  const name = {action: 'add address', subject: `${prefix} to ${link}`};
  socket.request(name, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, message.bytes);
}

export function deleteAddress(socket: NetlinkSocket, link: LinkId, prefix: string): void {
  const message = addressMessage(socket, link, prefix, 0);
  socket.request({action: 'delete address', subject: `${prefix} from ${link}`}, RTM_DELADDR, 0, message.bytes);
}

export function listAddresses(socket: NetlinkSocket, link?: LinkId): Address[] {
  const message = new MessageBuilder();
  message.reserve(ifaddrmsgSize);
  const index = link === undefined ? undefined : indexOf(socket, link);
  const answers = socket.dump({action: 'list addresses'}, RTM_GETADDR, message.bytes);
  return answers.flatMap(answer => parseAddress(answer.body)).filter(a => index === undefined || a.linkIndex === index);
}

/** struct ifaddrmsg {u8 family, prefixlen, flags, scope; u32 index} */
function addressMessage(socket: NetlinkSocket, link: LinkId, prefix: string, scope: number): MessageBuilder {
  const {family, bytes, length} = parsePrefix(prefix);
  const message = new MessageBuilder();
  const header = message.reserve(ifaddrmsgSize);
  header.writeUInt8(family, 0);
  header.writeUInt8(length, 1);
  header.writeUInt8(scope, 3);
  header.writeUInt32LE(indexOf(socket, link), 4);
  return message.attribute(IFA_LOCAL, bytes).attribute(IFA_ADDRESS, bytes);
}

/** None for families other than IPv4 and IPv6. */
function parseAddress(body: Buffer): Address[] {
  const header = fixedPart(body, ifaddrmsgSize);
  const family = header.readUInt8(0);
  const attributes = decodeAttributes(body, ifaddrmsgSize);
  // For point-to-point links IFA_ADDRESS is the far end; IFA_LOCAL, where present, is always ours.
  const bytes = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
  if (!bytes || (family !== AF_INET && family !== AF_INET6)) return [];
  const broadcast = attributes.get(IFA_BROADCAST);
  const label = attributeText(attributes.get(IFA_LABEL));
  return [
    {
      prefix: `${formatIp(bytes)}/${header.readUInt8(1)}`,
      family: family === AF_INET ? 'ipv4' : 'ipv6',
      linkIndex: header.readUInt32LE(4),
      scope: header.readUInt8(3),
      flags: attributeU32(attributes.get(IFA_FLAGS)) ?? header.readUInt8(2),
      ...(label === undefined ? {} : {label}),
      ...(broadcast === undefined ? {} : {broadcast: formatIp(broadcast)}),
    },
  ];
}
