export type {Address, AddressOptions} from './address.ts';
export type {IpPrefix} from './ip.ts';
export {formatIp, formatMac, parseIp, parseMac, parsePrefix} from './ip.ts';
export type {BridgeOptions, Link, LinkId, LinkStatistics, VethOptions} from './link.ts';
export type {Neighbour, NeighbourSpec} from './neighbour.ts';
export {NUD_PERMANENT, NUD_REACHABLE, NUD_STALE} from './neighbour.ts';
export {Netlink, openNetlink} from './netlink.ts';
export type {Route, RouteSpec} from './route.ts';
