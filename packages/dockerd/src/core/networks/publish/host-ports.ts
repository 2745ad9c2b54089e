/** Which ports of the host are given to containers. */
import {EngineError} from '@longshore/errdefs';
import type {WantedPort} from './wanted-ports.ts';

/** `0.0.0.0` holds the port on every IPv4 address, `::` on every IPv6 address. */
const wildcards = ['0.0.0.0', '::'];

export class HostPorts {
  /** `tcp/8080` → addresses. */
  readonly #taken = new Map<string, Set<string>>();
  readonly #ephemeral: {first: number; last: number};
  /** Any port is drawn behind the one that was drawn last, so that a port rests before it is used again. */
  #next: number;

  constructor(ephemeral: {first: number; last: number}) {
    this.#ephemeral = ephemeral;
    this.#next = ephemeral.first;
  }

  /** Numbers that the request may get, in order. Throws `Bind for … failed: port is already allocated`. */
  candidates(wanted: WantedPort): number[] {
    const isAny = wanted.first === 0;
    const {first, last} = isAny ? this.#ephemeral : wanted;
    const count = last - first + 1;
    const start = isAny ? this.#next - first : 0;
    const all = Array.from({length: count}, (_, i) => first + ((start + i) % count));
    const free = all.filter(port => wanted.hostAddresses.every(address => this.isFree(wanted.protocol, address, port)));
    if (free.length > 0) return free;
    const [address] = wanted.hostAddresses;
    if (isAny) throw new EngineError('resource-exhausted', 'all ports are allocated');
    throw new EngineError('unknown', `Bind for ${address}:${wanted.first} failed: port is already allocated`);
  }

  take(protocol: string, address: string, port: number): void {
    const key = `${protocol}/${port}`;
    this.#taken.set(key, (this.#taken.get(key) ?? new Set()).add(address));
    const {first, last} = this.#ephemeral;
    if (port >= first && port <= last) this.#next = port === last ? first : port + 1;
  }

  giveBack(protocol: string, address: string, port: number): void {
    const key = `${protocol}/${port}`;
    const addresses = this.#taken.get(key);
    addresses?.delete(address);
    if (addresses?.size === 0) this.#taken.delete(key);
  }

  /** False when a container has it, by the address itself or by all addresses. */
  isFree(protocol: string, address: string, port: number): boolean {
    const taken = this.#taken.get(`${protocol}/${port}`);
    if (!taken) return true;
    const sameFamily = [...taken].filter(each => each.includes(':') === address.includes(':'));
    if (wildcards.includes(address)) return sameFamily.length === 0;
    return !sameFamily.some(each => each === address || wildcards.includes(each));
  }
}
