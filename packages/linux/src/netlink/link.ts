import {Buffer} from 'node:buffer';
import {EngineError} from '@longshore/errdefs';
import {Errno} from '../errno-names.ts';
import {SystemCallError} from '../errors.ts';
import {
  attributeText,
  attributeU32,
  decodeAttributes,
  fixedPart,
  MessageBuilder,
  NLM_F_CREATE,
  NLM_F_EXCL,
} from './codec.ts';
import {formatMac, parseMac} from './ip.ts';
import type {NetlinkSocket} from './socket.ts';

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_SETLINK = 19;

const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_PROTINFO = 12;
const IFLA_TXQLEN = 13;
const IFLA_OPERSTATE = 16;
const IFLA_LINKINFO = 18;
const IFLA_STATS64 = 23;
const IFLA_NET_NS_FD = 28;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const VETH_INFO_PEER = 1;
const IFLA_BRPORT_MODE = 4;
const IFLA_BRPORT_ISOLATED = 33;

const AF_BRIDGE = 7;
const IFF_UP = 1;
const IFF_LOOPBACK = 8;
const ifinfomsgSize = 16;

/** A link by its name or index. */
export type LinkId = string | number;

export interface LinkStatistics {
  rxPackets: bigint;
  txPackets: bigint;
  rxBytes: bigint;
  txBytes: bigint;
  rxErrors: bigint;
  txErrors: bigint;
  rxDropped: bigint;
  txDropped: bigint;
}

export interface Link {
  index: number;
  name: string;
  /** `bridge`, `veth` …; undefined for devices of hardware and the loopback. */
  kind?: string;
  mtu: number;
  /** `02:42:ac:11:00:02`; empty for devices without. */
  mac: string;
  /** IFF_* bits. */
  flags: number;
  up: boolean;
  loopback: boolean;
  /** Index of the bridge that it is a port of. */
  master?: number;
  /** Index of the veth peer or parent, in the namespace of that. */
  link?: number;
  txQueueLength: number;
  /** IF_OPER_*: 0 unknown, 2 down, 6 up. */
  operState: number;
  statistics?: LinkStatistics;
}

export interface BridgeOptions {
  /** Hold back frames of a port that came up, in hundredths of a second (0 without STP). */
  forwardDelay?: number;
  stp?: boolean;
  multicastSnooping?: boolean;
  vlanFiltering?: boolean;
  /** Hundredths of a second that a learned address lives. */
  ageingTime?: number;
}

export interface VethOptions {
  name: string;
  peer: string;
  /** Descriptor of the network namespace in which the peer appears; the socket's own by default. */
  peerNetns?: number;
  mac?: string;
  peerMac?: string;
  mtu?: number;
}

/** What a change of a link may set. */
export interface LinkChange {
  up?: boolean;
  name?: string;
  mtu?: number;
  mac?: string;
  /** Bridge to become a port of; null leaves it. */
  master?: LinkId | null;
  /** Descriptor of the network namespace to move to. */
  netns?: number;
  txQueueLength?: number;
}

export function addBridge(
  socket: NetlinkSocket,
  name: string,
  options: BridgeOptions & {mac?: string; mtu?: number},
): void {
  const message = newLink(name, options);
  message.nested(IFLA_LINKINFO, info => {
    info.text(IFLA_INFO_KIND, 'bridge');
    info.nested(IFLA_INFO_DATA, data => bridgeData(data, options));
  });
  create(socket, name, message);
}

export function addDummy(socket: NetlinkSocket, name: string, options: {mac?: string; mtu?: number}): void {
  const message = newLink(name, options);
  message.nested(IFLA_LINKINFO, info => info.text(IFLA_INFO_KIND, 'dummy'));
  create(socket, name, message);
}

export function addVeth(socket: NetlinkSocket, options: VethOptions): void {
  const message = newLink(options.name, options);
  message.nested(IFLA_LINKINFO, info => {
    info.text(IFLA_INFO_KIND, 'veth');
    info.nested(IFLA_INFO_DATA, data => {
      data.nested(VETH_INFO_PEER, peer => {
        peer.reserve(ifinfomsgSize);
        linkAttributes(peer, {
          name: options.peer,
          ...(options.peerMac === undefined ? {} : {mac: options.peerMac}),
          ...(options.mtu === undefined ? {} : {mtu: options.mtu}),
        });
        if (options.peerNetns !== undefined) peer.u32(IFLA_NET_NS_FD, options.peerNetns);
      });
    });
  });
  create(socket, options.name, message);
}

function newLink(name: string, options: {mac?: string; mtu?: number}): MessageBuilder {
  const message = new MessageBuilder();
  message.reserve(ifinfomsgSize);
  const {mac, mtu} = options;
  linkAttributes(message, {name, ...(mac === undefined ? {} : {mac}), ...(mtu === undefined ? {} : {mtu})});
  return message;
}

function create(socket: NetlinkSocket, name: string, message: MessageBuilder): void {
  socket.request({action: 'add link', subject: name}, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, message.bytes);
}

/** Attribute numbers of linux/if_link.h, IFLA_BR_*. */
function bridgeData(data: MessageBuilder, options: BridgeOptions): void {
  if (options.forwardDelay !== undefined) data.u32(1, options.forwardDelay);
  if (options.ageingTime !== undefined) data.u32(4, options.ageingTime);
  if (options.stp !== undefined) data.u32(5, options.stp ? 1 : 0);
  if (options.vlanFiltering !== undefined) data.u8(7, options.vlanFiltering ? 1 : 0);
  if (options.multicastSnooping !== undefined) data.u8(23, options.multicastSnooping ? 1 : 0);
}

export function setBridgeOptions(socket: NetlinkSocket, bridge: LinkId, options: BridgeOptions): void {
  const message = new MessageBuilder();
  linkHeader(message, indexOf(socket, bridge));
  message.nested(IFLA_LINKINFO, info => {
    info.text(IFLA_INFO_KIND, 'bridge');
    info.nested(IFLA_INFO_DATA, data => bridgeData(data, options));
  });
  socket.request({action: 'set options of bridge', subject: String(bridge)}, RTM_NEWLINK, 0, message.bytes);
}

/** Options of one port: `hairpin` lets a frame leave by the port it came in by; isolated ports do not see each other. */
export function setBridgePort(
  socket: NetlinkSocket,
  link: LinkId,
  options: {hairpin?: boolean; isolated?: boolean},
): void {
  const message = new MessageBuilder();
  linkHeader(message, indexOf(socket, link)).writeUInt8(AF_BRIDGE, 0);
  message.nested(IFLA_PROTINFO, port => {
    if (options.hairpin !== undefined) port.u8(IFLA_BRPORT_MODE, options.hairpin ? 1 : 0);
    if (options.isolated !== undefined) port.u8(IFLA_BRPORT_ISOLATED, options.isolated ? 1 : 0);
  });
  socket.request({action: 'set options of bridge port', subject: String(link)}, RTM_SETLINK, 0, message.bytes);
}

export function changeLink(socket: NetlinkSocket, action: string, link: LinkId, change: LinkChange): void {
  const message = new MessageBuilder();
  const header = linkHeader(message, indexOf(socket, link));
  if (change.up !== undefined) {
    header.writeUInt32LE(change.up ? IFF_UP : 0, 8);
    header.writeUInt32LE(IFF_UP, 12);
  }
  linkAttributes(message, change);
  if (change.master !== undefined)
    message.u32(IFLA_MASTER, change.master === null ? 0 : indexOf(socket, change.master));
  if (change.netns !== undefined) message.u32(IFLA_NET_NS_FD, change.netns);
  socket.request({action, subject: String(link)}, RTM_NEWLINK, 0, message.bytes);
}

export function deleteLink(socket: NetlinkSocket, link: LinkId): void {
  const message = new MessageBuilder();
  linkHeader(message, indexOf(socket, link));
  socket.request({action: 'delete link', subject: String(link)}, RTM_DELLINK, 0, message.bytes);
}

/** Throws not-found (ENODEV). */
export function getLink(socket: NetlinkSocket, link: LinkId): Link {
  const message = new MessageBuilder();
  linkHeader(message, typeof link === 'number' ? link : 0);
  if (typeof link === 'string') message.text(IFLA_IFNAME, checkName(link));
  const name = {action: 'find link', subject: String(link)};
  const answer = socket.request(name, RTM_GETLINK, 0, message.bytes)[0];
  if (!answer) throw new SystemCallError(name.action, Errno.ENODEV, name.subject);
  return parseLink(answer.body);
}

export function listLinks(socket: NetlinkSocket): Link[] {
  const message = new MessageBuilder();
  message.reserve(ifinfomsgSize);
  return socket.dump({action: 'list links'}, RTM_GETLINK, message.bytes).map(answer => parseLink(answer.body));
}

export function indexOf(socket: NetlinkSocket, link: LinkId): number {
  return typeof link === 'number' ? link : getLink(socket, link).index;
}

/** struct ifinfomsg {u8 family, pad; u16 type; int index; u32 flags, change} */
function linkHeader(message: MessageBuilder, index: number): Buffer {
  const header = message.reserve(ifinfomsgSize);
  header.writeInt32LE(index, 4);
  return header;
}

function linkAttributes(message: MessageBuilder, change: LinkChange): void {
  if (change.name !== undefined) message.text(IFLA_IFNAME, checkName(change.name));
  if (change.mac !== undefined) message.attribute(IFLA_ADDRESS, parseMac(change.mac));
  if (change.mtu !== undefined) message.u32(IFLA_MTU, change.mtu);
  if (change.txQueueLength !== undefined) message.u32(IFLA_TXQLEN, change.txQueueLength);
}

/** The kernel has room for 15 bytes, and refuses "/", ":" and white space. */
function checkName(name: string): string {
  if (/^[^\s/:\0]{1,15}$/.test(name) && Buffer.byteLength(name) <= 15 && name !== '.' && name !== '..') return name;
  throw new EngineError('invalid-argument', `invalid link name: ${JSON.stringify(name)}`);
}

function parseLink(body: Buffer): Link {
  const header = fixedPart(body, ifinfomsgSize);
  const attributes = decodeAttributes(body, ifinfomsgSize);
  const info = attributes.get(IFLA_LINKINFO);
  const kind = info && attributeText(decodeAttributes(info).get(IFLA_INFO_KIND));
  const flags = header.readUInt32LE(8);
  const master = attributeU32(attributes.get(IFLA_MASTER));
  const link = attributeU32(attributes.get(IFLA_LINK));
  const statistics = parseStatistics(attributes.get(IFLA_STATS64));
  return {
    index: header.readInt32LE(4),
    name: attributeText(attributes.get(IFLA_IFNAME)) ?? '',
    mtu: attributeU32(attributes.get(IFLA_MTU)) ?? 0,
    mac: formatMac(attributes.get(IFLA_ADDRESS) ?? Buffer.alloc(0)),
    flags,
    up: (flags & IFF_UP) !== 0,
    loopback: (flags & IFF_LOOPBACK) !== 0,
    txQueueLength: attributeU32(attributes.get(IFLA_TXQLEN)) ?? 0,
    operState: attributes.get(IFLA_OPERSTATE)?.[0] ?? 0,
    ...(kind === undefined ? {} : {kind}),
    ...(master === undefined ? {} : {master}),
    ...(link === undefined ? {} : {link}),
    ...(statistics === undefined ? {} : {statistics}),
  };
}

/** struct rtnl_link_stats64 begins with packets, bytes, errors and dropped, rx before tx each. */
function parseStatistics(value: Buffer | undefined): LinkStatistics | undefined {
  if (!value || value.length < 64) return undefined;
  const field = (index: number) => value.readBigUInt64LE(index * 8);
  return {
    rxPackets: field(0),
    txPackets: field(1),
    rxBytes: field(2),
    txBytes: field(3),
    rxErrors: field(4),
    txErrors: field(5),
    rxDropped: field(6),
    txDropped: field(7),
  };
}
