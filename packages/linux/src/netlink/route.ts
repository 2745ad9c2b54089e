import type {Buffer} from 'node:buffer';
import {EngineError} from '@longshore/errdefs';
import {
  attributeU32,
  decodeAttributes,
  fixedPart,
  MessageBuilder,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
} from './codec.ts';
import {AF_INET, AF_INET6, familyOf, formatIp, parseIp, parsePrefix} from './ip.ts';
import {indexOf, type LinkId} from './link.ts';
import type {NetlinkSocket} from './socket.ts';

const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;

const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_PREFSRC = 7;
const RTA_TABLE = 15;
const rtmsgSize = 12;

const RT_TABLE_MAIN = 254;
const RTPROT_BOOT = 3;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RT_SCOPE_NOWHERE = 255;
const RTN_UNICAST = 1;
const RTNH_F_ONLINK = 4;
const RTM_F_CLONED = 0x200;

/** A route to add, or to find for deletion. */
export interface RouteSpec {
  /** `10.1.0.0/16`; absent or `default` means everything, of the gateway's family (or `family`). */
  destination?: string;
  gateway?: string;
  link?: LinkId;
  /** Preferred source address. */
  source?: string;
  metric?: number;
  /** RT_SCOPE_*; default link without a gateway, else universe. */
  scope?: number;
  /** Default main (254). */
  table?: number;
  /** RTPROT_*; default boot (3), as routes made by hand have. */
  protocol?: number;
  /** RTN_*; default unicast (1). 6 blackhole, 7 unreachable. */
  type?: number;
  /** The gateway is reachable through `link` although no address says so. */
  onLink?: boolean;
  family?: 'ipv4' | 'ipv6';
}

export interface Route {
  family: 'ipv4' | 'ipv6';
  /** `default` or a prefix. */
  destination: string;
  gateway?: string;
  linkIndex?: number;
  source?: string;
  metric?: number;
  scope: number;
  table: number;
  protocol: number;
  type: number;
}

export function addRoute(socket: NetlinkSocket, route: RouteSpec, replace: boolean): void {
  const name = {action: 'add route', subject: routeName(route)};
  const flags = NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL);
  const scope = route.gateway === undefined && familyNumber(route) === AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  socket.request(name, RTM_NEWROUTE, flags, routeMessage(socket, route, scope, RTPROT_BOOT, RTN_UNICAST));
}

/** Deletes the first route that has all given properties. */
export function deleteRoute(socket: NetlinkSocket, route: RouteSpec): void {
  const name = {action: 'delete route', subject: routeName(route)};
  // For deletion, scope nowhere, protocol 0 and type 0 mean "any".
  socket.request(name, RTM_DELROUTE, 0, routeMessage(socket, route, RT_SCOPE_NOWHERE, 0, 0));
}

/** Routes of one table (main by default); `table` 0 lists all. */
export function listRoutes(socket: NetlinkSocket, table: number = RT_TABLE_MAIN): Route[] {
  const message = new MessageBuilder();
  message.reserve(rtmsgSize);
  const answers = socket.dump({action: 'list routes'}, RTM_GETROUTE, message.bytes);
  return answers.flatMap(answer => parseRoute(answer.body)).filter(route => table === 0 || route.table === table);
}

/** struct rtmsg {u8 family, dst_len, src_len, tos, table, protocol, scope, type; u32 flags} */
function routeMessage(socket: NetlinkSocket, route: RouteSpec, scope: number, protocol: number, type: number): Buffer {
  const destination = isDefault(route) ? undefined : parsePrefix(route.destination!);
  const message = new MessageBuilder();
  const header = message.reserve(rtmsgSize);
  const table = route.table ?? RT_TABLE_MAIN;
  header.writeUInt8(familyNumber(route), 0);
  header.writeUInt8(destination?.length ?? 0, 1);
  header.writeUInt8(table < 256 ? table : 0, 4);
  header.writeUInt8(route.protocol ?? protocol, 5);
  header.writeUInt8(route.scope ?? scope, 6);
  header.writeUInt8(route.type ?? type, 7);
  header.writeUInt32LE(route.onLink ? RTNH_F_ONLINK : 0, 8);
  if (table >= 256) message.u32(RTA_TABLE, table);
  if (destination) message.attribute(RTA_DST, destination.bytes);
  if (route.gateway !== undefined) message.attribute(RTA_GATEWAY, parseIp(route.gateway));
  if (route.source !== undefined) message.attribute(RTA_PREFSRC, parseIp(route.source));
  if (route.link !== undefined) message.u32(RTA_OIF, indexOf(socket, route.link));
  if (route.metric !== undefined) message.u32(RTA_PRIORITY, route.metric);
  return message.bytes;
}

function isDefault(route: RouteSpec): boolean {
  return route.destination === undefined || route.destination === 'default';
}

function familyNumber(route: RouteSpec): number {
  if (!isDefault(route)) return parsePrefix(route.destination!).family;
  if (route.gateway !== undefined) return familyOf(parseIp(route.gateway));
  if (route.family !== undefined) return route.family === 'ipv4' ? AF_INET : AF_INET6;
  throw new EngineError('invalid-argument', 'a default route needs a gateway or a family');
}

function routeName(route: RouteSpec): string {
  const via = route.gateway === undefined ? '' : ` via ${route.gateway}`;
  const link = route.link === undefined ? '' : ` dev ${route.link}`;
  return `${route.destination ?? 'default'}${via}${link}`;
}

/** None for other families and for cached entries. */
function parseRoute(body: Buffer): Route[] {
  const header = fixedPart(body, rtmsgSize);
  const family = header.readUInt8(0);
  if ((family !== AF_INET && family !== AF_INET6) || (header.readUInt32LE(8) & RTM_F_CLONED) !== 0) return [];
  const attributes = decodeAttributes(body, rtmsgSize);
  const destination = attributes.get(RTA_DST);
  const gateway = attributes.get(RTA_GATEWAY);
  const source = attributes.get(RTA_PREFSRC);
  const linkIndex = attributeU32(attributes.get(RTA_OIF));
  const metric = attributeU32(attributes.get(RTA_PRIORITY));
  return [
    {
      family: family === AF_INET ? 'ipv4' : 'ipv6',
      destination: destination ? `${formatIp(destination)}/${header.readUInt8(1)}` : 'default',
      scope: header.readUInt8(6),
      table: attributeU32(attributes.get(RTA_TABLE)) ?? header.readUInt8(4),
      protocol: header.readUInt8(5),
      type: header.readUInt8(7),
      ...(gateway === undefined ? {} : {gateway: formatIp(gateway)}),
      ...(source === undefined ? {} : {source: formatIp(source)}),
      ...(linkIndex === undefined ? {} : {linkIndex}),
      ...(metric === undefined ? {} : {metric}),
    },
  ];
}
