/** The packet filters of both families as one. A family whose filter is turned off has none. */
import type {Logger} from '@longshore/base';
import type {Firewall, FirewallRule} from '../../core/networks/ports.ts';

/**
 * How long after its turn the filter of IPv6 is set up while no network has IPv6: its chains are there for the
 * administrator's rules, and the start of the daemon, which takes a fraction of that, does not wait for programs.
 */
const laterMs = 2_000;

export interface FamiliesOptions {
  ipv4: Firewall | undefined;
  ipv6: Firewall | undefined;
  /** A host without IPv6 has no packet filter for it: no fault while no network has IPv6. */
  needsIpv6: () => boolean;
  log: Logger;
  /** Instead of the standard delay, for tests. */
  delayMs?: number;
}

export type BothFamilies = Firewall & Disposable;

export function bothFamilies(options: FamiliesOptions): BothFamilies | undefined {
  const {ipv4, ipv6} = options;
  if (!ipv4 && !ipv6) return undefined;
  const second = new PatientFirewall(options);
  return {
    async sync(rules) {
      const [of4, of6] = split(rules);
      await settle([ipv4?.sync(of4), second.sync(of6)]);
    },
    async change(add, remove) {
      const [add4, add6] = split(add);
      const [remove4, remove6] = split(remove);
      await ipv4?.change(add4, remove4);
      try {
        if (add6.length + remove6.length > 0) await second.change(add6, remove6);
      } catch (error) {
        await ipv4?.change(remove4, add4);
        throw error;
      }
    },
    [Symbol.dispose]: () => second[Symbol.dispose](),
  };
}

/** That of IPv6: set up at once when a network needs it, before the first change of it, or some time later. */
class PatientFirewall implements Firewall, Disposable {
  readonly #options: FamiliesOptions;
  #timer: NodeJS.Timeout | undefined;
  #delayed: readonly FirewallRule[] | undefined;

  constructor(options: FamiliesOptions) {
    this.#options = options;
  }

  async sync(rules: readonly FirewallRule[]): Promise<void> {
    const {ipv6, needsIpv6, log, delayMs = laterMs} = this.#options;
    this[Symbol.dispose]();
    if (needsIpv6()) return await ipv6?.sync(rules);
    if (!ipv6) return;
    this.#delayed = rules;
    const catchUp = () => this.#catchUp().catch(error => log.error({error}, 'cannot set up the packet filter of IPv6'));
    this.#timer = setTimeout(catchUp, delayMs);
    this.#timer.unref();
  }

  async change(add: readonly FirewallRule[], remove: readonly FirewallRule[]): Promise<void> {
    await this.#catchUp();
    await this.#options.ipv6?.change(add, remove);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#delayed = undefined;
  }

  /** The filter takes its calls in order, so that what comes meanwhile waits there. */
  async #catchUp(): Promise<void> {
    const rules = this.#delayed;
    this[Symbol.dispose]();
    if (!rules) return;
    try {
      await this.#options.ipv6?.sync(rules);
    } catch (error) {
      if (this.#options.needsIpv6()) throw error;
      this.#options.log.warn({error}, 'cannot set up the packet filter of IPv6');
    }
  }
}

function split(rules: readonly FirewallRule[]): [FirewallRule[], FirewallRule[]] {
  return [rules.filter(({family}) => family !== 'ipv6'), rules.filter(({family}) => family === 'ipv6')];
}

/** Waits for both, then throws the first failure. */
async function settle(work: readonly (Promise<void> | undefined)[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason;
}
