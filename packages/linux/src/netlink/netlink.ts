import {type Address, type AddressOptions, addAddress, deleteAddress, listAddresses} from './address.ts';
import {
  addBridge,
  addDummy,
  addVeth,
  type BridgeOptions,
  changeLink,
  deleteLink,
  getLink,
  type Link,
  type LinkId,
  listLinks,
  setBridgeOptions,
  setBridgePort,
  type VethOptions,
} from './link.ts';
import {addNeighbour, deleteNeighbour, listNeighbours, type Neighbour, type NeighbourSpec} from './neighbour.ts';
import {addRoute, deleteRoute, listRoutes, type Route, type RouteSpec} from './route.ts';
import {NetlinkSocket} from './socket.ts';

const NETLINK_ROUTE = 0;

/**
 * Opens rtnetlink for the network namespace of this moment: `inNetns(path, () => openNetlink())` gives one that works
 * on that namespace from anywhere. Dispose it after use.
 */
export function openNetlink(): Netlink {
  return new Netlink();
}

/**
 * Links, addresses, routes and neighbours. Every method is synchronous and throws SystemCallError with the kernel's
 * own explanation where it gives one; codes are those of the errno (already-exists EEXIST, not-found ENODEV).
 */
export class Netlink implements Disposable {
  readonly #socket = new NetlinkSocket(NETLINK_ROUTE);

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }

  linkAddBridge(name: string, options: BridgeOptions & {mac?: string; mtu?: number} = {}): void {
    addBridge(this.#socket, name, options);
  }

  /** A pair of virtual ethernet devices, the peer at once in another namespace if `peerNetns` names one. */
  linkAddVeth(options: VethOptions): void {
    addVeth(this.#socket, options);
  }

  linkAddDummy(name: string, options: {mac?: string; mtu?: number} = {}): void {
    addDummy(this.#socket, name, options);
  }

  linkSetUp(link: LinkId): void {
    changeLink(this.#socket, 'set up link', link, {up: true});
  }

  linkSetDown(link: LinkId): void {
    changeLink(this.#socket, 'set down link', link, {up: false});
  }

  /** Makes the link a port of a bridge, or (null) no port any more. */
  linkSetMaster(link: LinkId, master: LinkId | null): void {
    changeLink(this.#socket, 'set master of link', link, {master});
  }

  /** The link must be down on kernels before 6.2. */
  linkRename(link: LinkId, name: string): void {
    changeLink(this.#socket, 'rename link', link, {name});
  }

  /** Moves the link to the namespace of this descriptor. It arrives down and without addresses. */
  linkSetNetns(link: LinkId, netns: number): void {
    changeLink(this.#socket, 'move link', link, {netns});
  }

  linkSetMtu(link: LinkId, mtu: number): void {
    changeLink(this.#socket, 'set mtu of link', link, {mtu});
  }

  linkSetMac(link: LinkId, mac: string): void {
    changeLink(this.#socket, 'set address of link', link, {mac});
  }

  linkDelete(link: LinkId): void {
    deleteLink(this.#socket, link);
  }

  linkGet(link: LinkId): Link {
    return getLink(this.#socket, link);
  }

  linkList(): Link[] {
    return listLinks(this.#socket);
  }

  setBridgeOptions(bridge: LinkId, options: BridgeOptions): void {
    setBridgeOptions(this.#socket, bridge, options);
  }

  setBridgePort(link: LinkId, options: {hairpin?: boolean; isolated?: boolean}): void {
    setBridgePort(this.#socket, link, options);
  }

  /** `prefix` as `172.17.0.1/16` or `fd00::1/64`. */
  addressAdd(link: LinkId, prefix: string, options: AddressOptions = {}): void {
    addAddress(this.#socket, link, prefix, options);
  }

  addressDelete(link: LinkId, prefix: string): void {
    deleteAddress(this.#socket, link, prefix);
  }

  addressList(link?: LinkId): Address[] {
    return listAddresses(this.#socket, link);
  }

  /** `{gateway: '172.17.0.1'}` is a default route. Throws already-exists unless `replace`. */
  routeAdd(route: RouteSpec, options: {replace?: boolean} = {}): void {
    addRoute(this.#socket, route, options.replace ?? false);
  }

  routeDelete(route: RouteSpec): void {
    deleteRoute(this.#socket, route);
  }

  /** The main table, both families; `table` 0 lists all tables. */
  routeList(table?: number): Route[] {
    return listRoutes(this.#socket, table);
  }

  neighbourAdd(neighbour: NeighbourSpec): void {
    addNeighbour(this.#socket, neighbour);
  }

  neighbourDelete(neighbour: NeighbourSpec): void {
    deleteNeighbour(this.#socket, neighbour);
  }

  neighbourList(link?: LinkId): Neighbour[] {
    return listNeighbours(this.#socket, link);
  }
}
