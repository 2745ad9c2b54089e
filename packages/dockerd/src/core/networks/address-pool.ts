/** The addresses of one subnet: which are given out, which never are. */
import {EngineError} from '@longshore/errdefs';
import {containsAddress, formatIpv4, lastAddress, type Subnet} from './ipv4.ts';

export interface AddressPoolOptions {
  subnet: Subnet;
  /** Part of the subnet that `allocate` draws from; all of it by default. */
  range?: Subnet | undefined;
  /** Never given out: the gateway, auxiliary addresses. */
  reserved?: readonly number[];
}

export class AddressPool {
  readonly subnet: Subnet;
  readonly #first: number;
  readonly #last: number;
  readonly #reserved: Set<number>;
  readonly #used = new Set<number>();
  /** Nothing below is free. */
  #lowestFree: number;

  constructor({subnet, range = subnet, reserved = []}: AddressPoolOptions) {
    this.subnet = subnet;
    this.#first = range.address;
    this.#last = lastAddress(range);
    this.#lowestFree = this.#first;
    this.#reserved = new Set(reserved);
    if (subnet.prefix < 31) {
      this.#reserved.add(subnet.address);
      this.#reserved.add(lastAddress(subnet));
    }
  }

  get used(): number {
    return this.#used.size;
  }

  /** The lowest free address of the range. Throws `resource-exhausted`. */
  allocate(): number {
    for (let address = this.#lowestFree; address <= this.#last; address++) {
      if (this.#used.has(address) || this.#reserved.has(address)) continue;
      this.#used.add(address);
      this.#lowestFree = address + 1;
      return address;
    }
    this.#lowestFree = this.#last + 1;
    throw new EngineError('resource-exhausted', 'no available addresses on this pool');
  }

  /** Takes one address, in or out of the range. Throws when it is not of the subnet, or not free. */
  reserve(address: number): void {
    if (!containsAddress(this.subnet, address)) {
      throw new EngineError('invalid-argument', `requested address ${formatIpv4(address)} is out of range`);
    }
    if (this.#used.has(address) || this.#reserved.has(address)) {
      throw new EngineError('permission-denied', 'Address already in use');
    }
    this.#used.add(address);
  }

  /** Gives an address back; fine when it was free. */
  release(address: number): void {
    if (!this.#used.delete(address)) return;
    if (address >= this.#first && address <= this.#last) this.#lowestFree = Math.min(this.#lowestFree, address);
  }
}
