/** The packet filter through iptables-save and iptables-restore: one process per change, all rules of it at once. */
import {type Logger, Mutex} from '@longshore/base';
import {changeInput, syncInput} from '../../core/networks/firewall/restore-input.ts';
import type {Firewall, FirewallRule, IpFamily} from '../../core/networks/ports.ts';
import {runIptables} from './run-iptables.ts';

/** How long to wait for another program that holds the xtables lock. */
const lockSeconds = 10;

export interface IptablesOptions {
  /** Only its rules are looked at. */
  family: IpFamily;
  /** Set the policy of FORWARD to DROP with the next sync. */
  dropForward: boolean;
  /** Where to find the programs: the daemon's PATH. */
  path: string;
  log: Logger;
}

export class IptablesFirewall implements Firewall {
  readonly #options: IptablesOptions;
  readonly #lock = new Mutex();
  /** In the order in which they were added. */
  #wanted: FirewallRule[] = [];
  #dropForward: boolean;

  constructor(options: IptablesOptions) {
    this.#options = options;
    this.#dropForward = options.dropForward;
  }

  /** Sets the policy of FORWARD to DROP with the next change. */
  dropForward(): void {
    this.#dropForward = true;
  }

  async sync(rules: readonly FirewallRule[]): Promise<void> {
    using _lock = await this.#lock.acquire();
    await this.#sync(rules);
    this.#wanted = [...rules];
  }

  async change(add: readonly FirewallRule[], remove: readonly FirewallRule[]): Promise<void> {
    const input = changeInput(add, remove, {dropForward: this.#dropForward});
    if (input === '') return;
    using _lock = await this.#lock.acquire();
    const wanted = [...withoutEach(this.#wanted, remove), ...add];
    try {
      await this.#restore(input);
    } catch (error) {
      // Somebody flushed our rules, perhaps: make everything anew.
      this.#options.log.warn({error}, 'cannot change the packet filter, setting up all rules again');
      await this.#sync(wanted);
    }
    this.#wanted = wanted;
  }

  async #sync(rules: readonly FirewallRule[]): Promise<void> {
    const {path, family} = this.#options;
    const saved = await runIptables({program: family === 'ipv6' ? 'ip6tables-save' : 'iptables-save', path});
    await this.#restore(syncInput(saved, rules, {dropForward: this.#dropForward}));
  }

  async #restore(input: string): Promise<void> {
    const {path, family} = this.#options;
    const program = family === 'ipv6' ? 'ip6tables-restore' : 'iptables-restore';
    await runIptables({program, args: ['--wait', String(lockSeconds), '--noflush'], input, path});
    this.#dropForward = false; // it holds now; what the administrator makes of it later is theirs
  }
}

/** `rules` without one occurrence of each of `removed`. */
function withoutEach(rules: readonly FirewallRule[], removed: readonly FirewallRule[]): FirewallRule[] {
  const left = [...rules];
  for (const {table, chain, rule} of removed) {
    const at = left.findIndex(each => each.table === table && each.chain === chain && each.rule === rule);
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}
