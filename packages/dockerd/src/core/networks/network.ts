/** A network while the daemon runs: its record, and who is on it. */
import {EngineError} from '@longshore/errdefs';
import {AddressPool} from './address-pool.ts';
import {AddressPool6} from './address-pool6.ts';
import {type BridgeOptions, readBridgeOptions} from './bridge-options.ts';
import type {IpamPool, NetworkRecord} from './documents.ts';
import {formatIpv4, parseIpv4, parseSubnet, type Subnet} from './ipv4.ts';
import {formatIpv6, parseIpv6, parseSubnet6, type Subnet6} from './ipv6.ts';
import type {BridgeDevice} from './ports.ts';
import type {Endpoint} from './sandbox-record.ts';

export type Network = BridgeNetwork | PlainNetwork;

/** `host` and `none`: nothing in the kernel belongs to them. */
export interface PlainNetwork {
  readonly kind: 'host' | 'null';
  readonly record: NetworkRecord;
  readonly endpoints: Map<string, Endpoint>;
}

export interface BridgeNetwork {
  readonly kind: 'bridge';
  readonly record: NetworkRecord;
  /** By container id. */
  readonly endpoints: Map<string, Endpoint>;
  readonly isDefault: boolean;
  readonly device: string;
  readonly internal: boolean;
  /** Published ports are reached from the host and from their own container without a proxy. */
  readonly hairpin: boolean;
  /** Other machines may reach containers by their own addresses. */
  readonly directRouting: boolean;
  readonly options: BridgeOptions;
  readonly subnet: Subnet;
  /** Address of the device. */
  readonly deviceAddress: number;
  /** Default route of its containers; undefined on internal networks. */
  readonly gateway: number | undefined;
  readonly addresses: AddressPool;
  /** Undefined where it has no IPv6. */
  readonly v6: BridgeIpv6 | undefined;
}

export interface BridgeIpv6 {
  readonly subnet: Subnet6;
  /** Address of the device. */
  readonly deviceAddress: bigint;
  /** Default route of its containers; undefined on internal networks. */
  readonly gateway: bigint | undefined;
  readonly addresses: AddressPool6;
}

/** What the daemon's configuration adds to a record. */
export interface NetworkDefaults {
  mtu: number;
  userlandProxy: boolean;
  allowDirectRouting: boolean;
}

/** Builds the running form of a stored network. Throws `data-loss` for a record without a usable pool. */
export function openNetwork(record: NetworkRecord, {mtu, userlandProxy, allowDirectRouting}: NetworkDefaults): Network {
  if (record.Driver !== 'bridge') {
    return {kind: record.Driver === 'host' ? 'host' : 'null', record, endpoints: new Map()};
  }
  const pool = poolsOf(record).v4;
  const subnet = parseSubnet(pool?.Subnet ?? '');
  if (!subnet) throw new EngineError('data-loss', `network ${record.Name} has no usable subnet`);
  const isDefault = record.Name === 'bridge';
  const given = parseIpv4(pool?.Gateway ?? '') ?? subnet.address + 1;
  const deviceAddress = isDefault ? (parseIpv4(record.BridgeAddress) ?? given) : given;
  const auxiliary = Object.values(pool?.AuxiliaryAddresses ?? {}).flatMap(text => parseIpv4(text) ?? []);
  return {
    kind: 'bridge',
    record,
    endpoints: new Map(),
    isDefault,
    device: record.Bridge,
    internal: record.Internal,
    hairpin: !userlandProxy,
    directRouting: allowDirectRouting,
    options: readBridgeOptions(record.Options ?? {}, mtu),
    subnet,
    deviceAddress,
    gateway: record.Internal ? undefined : given,
    addresses: new AddressPool({
      subnet,
      range: parseSubnet(pool?.IPRange ?? ''),
      reserved: [given, deviceAddress, ...auxiliary],
    }),
    v6: record.EnableIPv6 ? openIpv6(record) : undefined,
  };
}

/** The pools of both families: a network has at most one of each. */
export function poolsOf(record: NetworkRecord): {v4: IpamPool | undefined; v6: IpamPool | undefined} {
  const pools = record.IPAM.Config ?? [];
  const isV6 = ({Subnet = ''}: IpamPool) => Subnet.includes(':');
  return {v4: pools.find(pool => !isV6(pool)), v6: pools.find(isV6)};
}

function openIpv6(record: NetworkRecord): BridgeIpv6 {
  const pool = poolsOf(record).v6;
  const subnet = parseSubnet6(pool?.Subnet ?? '');
  if (!subnet) throw new EngineError('data-loss', `network ${record.Name} has no usable IPv6 subnet`);
  const given = parseIpv6(pool?.Gateway ?? '') ?? subnet.address + 1n;
  const deviceAddress = parseIpv6(record.BridgeAddress6) ?? given;
  const auxiliary = Object.values(pool?.AuxiliaryAddresses ?? {}).flatMap(text => parseIpv6(text) ?? []);
  const range = parseSubnet6(pool?.IPRange ?? '');
  return {
    subnet,
    deviceAddress,
    gateway: record.Internal ? undefined : given,
    addresses: new AddressPool6({subnet, range, reserved: [given, deviceAddress, ...auxiliary]}),
  };
}

/** Only these resolve each other's names, and take aliases. */
export function isUserDefined(network: Network): boolean {
  return network.kind === 'bridge' && !network.isDefault;
}

/** The device that carries the network. */
export function bridgeDevice(network: BridgeNetwork): BridgeDevice {
  return {
    name: network.device,
    cidr: `${formatIpv4(network.deviceAddress)}/${network.subnet.prefix}`,
    cidr6: network.v6 && `${formatIpv6(network.v6.deviceAddress)}/${network.v6.subnet.prefix}`,
    mtu: network.options.mtu,
    filtersInside: !network.options.icc,
    hairpin: network.hairpin,
    isForeign: network.isDefault && network.device !== 'docker0',
  };
}
