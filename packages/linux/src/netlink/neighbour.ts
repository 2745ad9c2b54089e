import type {Buffer} from 'node:buffer';
import {decodeAttributes, fixedPart, MessageBuilder, NLM_F_CREATE, NLM_F_REPLACE} from './codec.ts';
import {AF_INET, AF_INET6, familyOf, formatIp, formatMac, parseIp, parseMac} from './ip.ts';
import {indexOf, type LinkId} from './link.ts';
import type {NetlinkSocket} from './socket.ts';

const RTM_NEWNEIGH = 28;
const RTM_DELNEIGH = 29;
const RTM_GETNEIGH = 30;

const NDA_DST = 1;
const NDA_LLADDR = 2;
const ndmsgSize = 12;
const NTF_PROXY = 0x08;

export const NUD_REACHABLE = 0x02;
export const NUD_STALE = 0x04;
export const NUD_PERMANENT = 0x80;

export interface NeighbourSpec {
  link: LinkId;
  ip: string;
  /** Absent for a proxy entry. */
  mac?: string;
  /** NUD_*; default permanent. */
  state?: number;
  /** Answer for `ip` on behalf of another machine. */
  proxy?: boolean;
}

export interface Neighbour {
  linkIndex: number;
  ip: string;
  mac?: string;
  state: number;
}

/** Adds the entry, or replaces the one that has this address. */
export function addNeighbour(socket: NetlinkSocket, neighbour: NeighbourSpec): void {
  const message = neighbourMessage(socket, neighbour);
  const name = {action: 'add neighbour', subject: `${neighbour.ip} on ${neighbour.link}`};
  socket.request(name, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, message);
}

export function deleteNeighbour(socket: NetlinkSocket, neighbour: NeighbourSpec): void {
  const message = neighbourMessage(socket, neighbour);
  socket.request(
    {action: 'delete neighbour', subject: `${neighbour.ip} on ${neighbour.link}`},
    RTM_DELNEIGH,
    0,
    message,
  );
}

export function listNeighbours(socket: NetlinkSocket, link?: LinkId): Neighbour[] {
  const message = new MessageBuilder();
  message.reserve(ndmsgSize);
  const index = link === undefined ? undefined : indexOf(socket, link);
  const answers = socket.dump({action: 'list neighbours'}, RTM_GETNEIGH, message.bytes);
  return answers
    .flatMap(answer => parseNeighbour(answer.body))
    .filter(n => index === undefined || n.linkIndex === index);
}

/** struct ndmsg {u8 family, pad; u16 pad; int ifindex; u16 state; u8 flags, type} */
function neighbourMessage(socket: NetlinkSocket, neighbour: NeighbourSpec): Buffer {
  const ip = parseIp(neighbour.ip);
  const message = new MessageBuilder();
  const header = message.reserve(ndmsgSize);
  header.writeUInt8(familyOf(ip), 0);
  header.writeInt32LE(indexOf(socket, neighbour.link), 4);
  header.writeUInt16LE(neighbour.state ?? NUD_PERMANENT, 8);
  header.writeUInt8(neighbour.proxy ? NTF_PROXY : 0, 10);
  message.attribute(NDA_DST, ip);
  if (neighbour.mac !== undefined) message.attribute(NDA_LLADDR, parseMac(neighbour.mac));
  return message.bytes;
}

function parseNeighbour(body: Buffer): Neighbour[] {
  const header = fixedPart(body, ndmsgSize);
  const family = header.readUInt8(0);
  const attributes = decodeAttributes(body, ndmsgSize);
  const ip = attributes.get(NDA_DST);
  if (!ip || (family !== AF_INET && family !== AF_INET6)) return [];
  const mac = attributes.get(NDA_LLADDR);
  return [
    {
      linkIndex: header.readInt32LE(4),
      ip: formatIp(ip),
      state: header.readUInt16LE(8),
      ...(mac === undefined ? {} : {mac: formatMac(mac)}),
    },
  ];
}
