/**
 * What a container's network consists of, written before anything is made in the kernel: a daemon that died in the
 * middle finds every trace of it again. It lives beside the pinned namespaces, since both are gone after a reboot.
 */
import {bool, int, list, type ShapeOf, struct, text, uint16} from '../shape/shape.ts';

const endpoint = struct({
  /** 64 hex digits. */
  id: text,
  containerName: text,
  networkId: text,
  networkName: text,
  /** Name inside the container, `eth0`; empty for host and none. */
  interface: text,
  /** The other end of the pair. */
  hostInterface: text,
  mac: text,
  /** Dotted address; empty for host and none. */
  address: text,
  prefix: int,
  /** Empty on internal networks. */
  gateway: text,
  /** The same three for IPv6; empty on networks without it. */
  address6: text,
  prefix6: int,
  gateway6: text,
  /** Further addresses of the interface. */
  linkLocal: list(text),
  gatewayPriority: int,
  aliases: list(text),
  /** `container:alias`: names that only this container has for others. */
  links: list(text),
  /** What the embedded DNS server answers to. */
  dnsNames: list(text),
});
export type Endpoint = Mutable<ShapeOf<typeof endpoint>>;

const publishedPort = struct({
  /** `tcp`, `udp` or `sctp`. */
  protocol: text,
  containerAddress: text,
  containerPort: uint16,
  hostAddress: text,
  hostPort: uint16,
  /** The device that the container hangs on, for the firewall rules. */
  device: text,
});
export type PublishedPort = ShapeOf<typeof publishedPort>;

export const sandboxRecord = struct({
  /** 64 hex digits; the first 12 name the pinned namespace. */
  id: text,
  containerId: text,
  containerName: text,
  /** Path of the pinned namespace; `…/default` with host networking. */
  key: text,
  /** Nothing is pinned: the container uses the host's network. */
  isHost: bool,
  endpoints: list(endpoint),
  ports: list(publishedPort),
  /** Rules of its links in the packet filter. */
  linkRules: list(text),
});
export type SandboxRecord = Mutable<Omit<ShapeOf<typeof sandboxRecord>, 'endpoints'>> & {endpoints: Endpoint[] | null};

/** They change while the container runs: connect, disconnect, rename. */
type Mutable<T> = {-readonly [K in keyof T]: T[K]};
