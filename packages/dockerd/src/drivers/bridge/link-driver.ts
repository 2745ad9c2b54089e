/** Bridges, pairs and namespaces by netlink: no process is started, and nothing here waits. */
import {existsSync, mkdirSync, readdirSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {
  AT_FDCWD,
  closeFd,
  createNetns,
  createNetnsOf,
  createUserAndNetns,
  deleteNetns,
  inNetns,
  isErrno,
  type Netlink,
  O_RDONLY,
  openAt,
  openNetlink,
  PacketSocket,
  statFsType,
  writeKernelFile,
} from '@longshore/linux';
import type {NamespaceChoice} from '../../core/containers/spec/namespaces.ts';
import {parseCidr, type Subnet, subnetOf} from '../../core/networks/ipv4.ts';
import {isLinkLocal6, parseCidr6, type Subnet6, subnet6Of} from '../../core/networks/ipv6.ts';
import {randomMac} from '../../core/networks/mac-address.ts';
import type {BridgeDevice, IpFamily, LinkDriver, VethPair} from '../../core/networks/ports.ts';
import {idMapOf, type Remapping} from '../../core/users/remapping.ts';
import {announceAddress} from './announcement.ts';

export interface NetlinkDriver extends LinkDriver, Disposable {}

/** `directory` holds the pinned namespaces. Works in the network namespace of this moment. */
export function openLinkDriver(directory: string, remapping?: Remapping): NetlinkDriver {
  mkdirSync(directory, {recursive: true, mode: 0o755});
  if (remapping) mkdirSync(usersOf(directory), {recursive: true, mode: 0o755});
  const host = openNetlink();
  const frames = new PacketSocket();
  return {
    hostSubnets: except => hostSubnets(host, except),
    hostSubnets6: except => hostSubnets6(host, except),
    deviceCidr: (name, family) => deviceCidr(host, name, family),
    ensureBridge: device => ensureBridge(host, device),
    deviceExists: name => findLink(host, name) !== undefined,
    deleteDevice: name => ignoreMissing(() => host.linkDelete(name)),
    openNamespace: (path, users) => openNamespace(path, users, remapping),
    userNamespaceOf,
    closeNamespace,
    isNamespace,
    namespaces: () => pinnedNames(directory).map(name => join(directory, name)),
    addVeth(namespace, pair) {
      addVeth(host, namespace, pair);
      announceAddress(host, frames, pair);
    },
    detachDevice: name =>
      ignoreMissing(() => {
        host.linkSetDown(name);
        host.linkSetMaster(name, null);
      }),
    setDefaultRoute,
    [Symbol.dispose]() {
      frames[Symbol.dispose]();
      host[Symbol.dispose]();
    },
  };
}

function hostSubnets(host: Netlink, except: readonly string[]): Subnet[] {
  return destinations(host, except).flatMap(destination => {
    const cidr = parseCidr(destination);
    return cidr ? [subnetOf(cidr.address, cidr.prefix)] : [];
  });
}

/** Every link has the link-local subnet: it is nobody's. */
function hostSubnets6(host: Netlink, except: readonly string[]): Subnet6[] {
  return destinations(host, except).flatMap(destination => {
    const cidr = parseCidr6(destination);
    return cidr && !isLinkLocal6(cidr.address) ? [subnet6Of(cidr.address, cidr.prefix)] : [];
  });
}

function destinations(host: Netlink, except: readonly string[]): string[] {
  const skipped = new Set(host.linkList().flatMap(link => (except.includes(link.name) ? [link.index] : [])));
  return host.routeList().flatMap(({destination, linkIndex}) => (skipped.has(linkIndex ?? 0) ? [] : [destination]));
}

function deviceCidr(host: Netlink, name: string, wanted: IpFamily): string | undefined {
  if (!findLink(host, name)) return undefined;
  return host.addressList(name).find(({family, scope}) => family === wanted && scope === 0)?.prefix;
}

function findLink(host: Netlink, name: string) {
  try {
    return host.linkGet(name);
  } catch (error) {
    if (isErrorCode(error, 'not-found')) return undefined;
    throw error;
  }
}

function ensureBridge(host: Netlink, device: BridgeDevice): void {
  const {name, cidr, cidr6, mtu, filtersInside, hairpin, isForeign} = device;
  const existing = findLink(host, name);
  if (existing && existing.kind !== 'bridge') {
    throw new EngineError('conflict', `device ${name} exists already and is no bridge`);
  }
  // An address of its own keeps the bridge from taking over the lowest one of its ports.
  if (!existing) host.linkAddBridge(name, {mac: randomMac(), ...(mtu === 1500 ? {} : {mtu})});
  else if (existing.mtu !== mtu && !isForeign) host.linkSetMtu(name, mtu);
  const addresses = host.addressList(name).filter(({family, scope}) => family === 'ipv4' && scope === 0);
  for (const {prefix} of isForeign ? [] : addresses) if (prefix !== cidr) host.addressDelete(name, prefix);
  if (!addresses.some(({prefix}) => prefix === cidr)) host.addressAdd(name, cidr, {broadcast: true});
  if (!isForeign) writeSysctl(`net/ipv6/conf/${name}/accept_ra`, '0');
  if (cidr6 !== undefined) ensureIpv6(host, name, cidr6, isForeign);
  if (filtersInside) filterBridgedTraffic(cidr6 !== undefined);
  if (hairpin) writeSysctl(`net/ipv4/conf/${name}/route_localnet`, '1');
  host.linkSetUp(name);
}

function ensureIpv6(host: Netlink, name: string, cidr: string, isForeign: boolean): void {
  writeSysctl(`net/ipv6/conf/${name}/disable_ipv6`, '0');
  const addresses = host.addressList(name).filter(({family, scope}) => family === 'ipv6' && scope === 0);
  for (const {prefix} of isForeign ? [] : addresses) if (prefix !== cidr) host.addressDelete(name, prefix);
  // A bridge without ports has no carrier, so that the kernel would never end its search for duplicates.
  if (!addresses.some(({prefix}) => prefix === cidr)) host.addressAdd(name, cidr, {noDuplicateDetection: true});
}

/** Lets the packet filter see what goes from port to port; without it containers of a bridge always reach each other. */
function filterBridgedTraffic(alsoIpv6: boolean): void {
  const families = ['iptables', ...(alsoIpv6 ? ['ip6tables'] : [])];
  if (families.every(family => writeSysctl(`net/bridge/bridge-nf-call-${family}`, '1'))) return;
  throw new EngineError(
    'failed-precondition',
    'cannot restrict inter-container communication: please ensure that br_netfilter kernel module is loaded',
  );
}

/** User namespaces are pinned beside the network namespaces that belong to them, under the same names. */
function usersOf(directory: string): string {
  return join(dirname(directory), 'userns');
}

function userNamespaceOf(path: string): string {
  return join(usersOf(dirname(path)), basename(path));
}

function pinnedNames(directory: string): string[] {
  const users = usersOf(directory);
  return [...new Set([...readdirSync(directory), ...(existsSync(users) ? readdirSync(users) : [])])];
}

function closeNamespace(path: string): void {
  deleteNetns(path);
  deleteNetns(userNamespaceOf(path));
}

function createNamespaces(path: string, users: NamespaceChoice, remapping: Remapping | undefined): void {
  if (typeof users === 'object') createNetnsOf(users.path, path);
  else if (users === 'host' || !remapping) createNetns(path);
  else {
    const mapping = {uidmap: idMapOf(remapping.uids), gidmap: idMapOf(remapping.gids)};
    createUserAndNetns(mapping, userNamespaceOf(path), path);
  }
}

function openNamespace(path: string, users: NamespaceChoice, remapping: Remapping | undefined): void {
  createNamespaces(path, users, remapping);
  try {
    using inside = inNetns(path, openNetlink);
    inside.linkSetUp('lo');
  } catch (error) {
    closeNamespace(path);
    throw error;
  }
}

function isNamespace(path: string): boolean {
  try {
    return statFsType(path) === 'nsfs';
  } catch (error) {
    if (isErrorCode(error, 'not-found')) return false;
    throw error;
  }
}

function addVeth(host: Netlink, namespace: string, pair: VethPair): void {
  const {hostInterface, interface: name, mac, mtu} = pair;
  const fd = openAt(AT_FDCWD, namespace, O_RDONLY);
  try {
    host.linkAddVeth({name: hostInterface, peer: name, peerNetns: fd, peerMac: mac, mtu});
    try {
      host.linkSetMaster(hostInterface, pair.device);
      if (pair.hairpin) host.setBridgePort(hostInterface, {hairpin: true});
      host.linkSetUp(hostInterface);
      configureInside(fd, pair);
    } catch (error) {
      ignoreMissing(() => host.linkDelete(hostInterface));
      throw error;
    }
  } finally {
    closeFd(fd);
  }
}

function configureInside(namespace: number, {interface: name, cidr, cidr6, linkLocalCidrs}: VethPair): void {
  const hasIpv6 = cidr6 !== undefined || linkLocalCidrs.some(isIpv6);
  using inside = inNetns(namespace, () => {
    writeSysctl(`net/ipv6/conf/${name}/disable_ipv6`, hasIpv6 ? '0' : '1');
    return openNetlink();
  });
  inside.addressAdd(name, cidr, {broadcast: true});
  // At once: the address is ours to give, and nobody waits a second for the kernel to look for duplicates.
  if (cidr6 !== undefined) inside.addressAdd(name, cidr6, {noDuplicateDetection: true});
  for (const further of linkLocalCidrs) {
    inside.addressAdd(name, further, isIpv6(further) ? {noDuplicateDetection: true} : {broadcast: true});
  }
  inside.linkSetUp(name);
}

function isIpv6(cidr: string): boolean {
  return cidr.includes(':');
}

function setDefaultRoute(
  namespace: string,
  wanted: IpFamily,
  route: {gateway: string; interface: string} | undefined,
): void {
  using inside = inNetns(namespace, openNetlink);
  if (route) {
    inside.routeAdd({gateway: route.gateway, link: route.interface}, {replace: true});
    return;
  }
  for (const {family, destination, gateway} of inside.routeList()) {
    if (family !== wanted || destination !== 'default') continue;
    inside.routeDelete({family, ...(gateway === undefined ? {} : {gateway})});
  }
}

/** Of the thread's network namespace. False when the kernel has no such setting. */
function writeSysctl(name: string, value: string): boolean {
  try {
    writeKernelFile(`/proc/sys/${name}`, value);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

function ignoreMissing(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!isErrorCode(error, 'not-found')) throw error;
  }
}
