/** A network as it is stored, and the bodies of the requests about networks, in Docker's shapes. */
import {endpointSettings} from '../containers/documents/network-settings.ts';
import {bool, list, map, omitEmpty, pointer, type ShapeOf, struct, text} from '../shape/shape.ts';

const ipamPool = struct({
  Subnet: omitEmpty(text),
  IPRange: omitEmpty(text),
  Gateway: omitEmpty(text),
  AuxiliaryAddresses: omitEmpty(map(text)),
});
export type IpamPool = ShapeOf<typeof ipamPool>;

const ipam = struct({Driver: text, Options: map(text), Config: list(ipamPool)});

/** One file per network in the daemon's data. */
export const networkRecord = struct({
  Name: text,
  Id: text,
  /** RFC 3339 with nanoseconds. */
  Created: text,
  Driver: text,
  EnableIPv6: bool,
  Internal: bool,
  Attachable: bool,
  /** As the request had it, but with the pool that was picked when it had none. */
  IPAM: ipam,
  /** The daemon picked the pool: none was asked for. */
  PickedPool: bool,
  /** The same of the IPv6 one. */
  PickedPool6: bool,
  Options: map(text),
  Labels: map(text),
  /** Name of the device; empty for host and none. */
  Bridge: text,
  /** Address of the default bridge's device when that is not the gateway. */
  BridgeAddress: text,
  BridgeAddress6: text,
});
export type NetworkRecord = ShapeOf<typeof networkRecord>;

/** Body of POST /networks/create. */
export const networkCreateRequest = struct({
  Name: text,
  Driver: text,
  Scope: text,
  EnableIPv4: pointer(bool),
  EnableIPv6: pointer(bool),
  IPAM: pointer(ipam),
  Internal: bool,
  Attachable: bool,
  Ingress: bool,
  ConfigOnly: bool,
  ConfigFrom: pointer(struct({Network: text})),
  Options: map(text),
  Labels: map(text),
});
export type NetworkCreateRequest = ShapeOf<typeof networkCreateRequest>;

/** Body of POST /networks/{id}/connect. */
export const networkConnectRequest = struct({Container: text, EndpointConfig: pointer(endpointSettings)});

/** Body of POST /networks/{id}/disconnect. */
export const networkDisconnectRequest = struct({Container: text, Force: bool});
