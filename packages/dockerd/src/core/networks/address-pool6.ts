/** The IPv6 addresses of one subnet: which are given out, which never are. */
import {EngineError} from '@longshore/errdefs';
import {containsAddress6, formatIpv6, lastAddress6, type Subnet6} from './ipv6.ts';

export interface AddressPool6Options {
  subnet: Subnet6;
  /** Part of the subnet that `allocate` draws from; all of it by default. */
  range?: Subnet6 | undefined;
  /** Never given out: the gateway, auxiliary addresses. */
  reserved?: readonly bigint[];
}

export class AddressPool6 {
  readonly subnet: Subnet6;
  readonly #first: bigint;
  readonly #last: bigint;
  readonly #reserved: Set<bigint>;
  readonly #used = new Set<bigint>();
  /** Nothing below is free. */
  #lowestFree: bigint;

  constructor({subnet, range = subnet, reserved = []}: AddressPool6Options) {
    this.subnet = subnet;
    this.#first = range.address;
    this.#last = lastAddress6(range);
    this.#lowestFree = this.#first;
    // The first address is every router's (RFC 4291, 2.6.1). There is no broadcast address.
    this.#reserved = new Set(subnet.prefix < 127 ? [subnet.address, ...reserved] : reserved);
  }

  /** The lowest free address of the range. Throws `resource-exhausted`. */
  allocate(): bigint {
    for (let address = this.#lowestFree; address <= this.#last; address++) {
      if (this.#used.has(address) || this.#reserved.has(address)) continue;
      this.#used.add(address);
      this.#lowestFree = address + 1n;
      return address;
    }
    this.#lowestFree = this.#last + 1n;
    throw new EngineError('resource-exhausted', 'no available addresses on this pool');
  }

  /** Takes one address, in or out of the range. Throws when it is not of the subnet, or not free. */
  reserve(address: bigint): void {
    if (!containsAddress6(this.subnet, address)) {
      throw new EngineError('invalid-argument', `requested address ${formatIpv6(address)} is out of range`);
    }
    if (this.#used.has(address) || this.#reserved.has(address)) {
      throw new EngineError('permission-denied', 'Address already in use');
    }
    this.#used.add(address);
  }

  /** Gives an address back; fine when it was free. */
  release(address: bigint): void {
    if (!this.#used.delete(address)) return;
    if (address >= this.#first && address < this.#lowestFree) this.#lowestFree = address;
  }
}
