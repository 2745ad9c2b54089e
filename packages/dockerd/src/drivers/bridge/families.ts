/** The packet filters of both families as one. A family whose filter is turned off has none. */
import type {Logger} from '@longshore/base';
import type {Firewall, FirewallRule} from '../../core/networks/ports.ts';
import type {IptablesFirewall} from './iptables.ts';

export interface FamiliesOptions {
  ipv4: IptablesFirewall | undefined;
  ipv6: IptablesFirewall | undefined;
  /** A host without IPv6 has no packet filter for it: no fault while no network has IPv6. */
  needsIpv6: () => boolean;
  log: Logger;
}

export function bothFamilies({ipv4, ipv6, needsIpv6, log}: FamiliesOptions): Firewall | undefined {
  if (!ipv4 && !ipv6) return undefined;
  const syncIpv6 = async (rules: readonly FirewallRule[]) => {
    try {
      await ipv6?.sync(rules);
    } catch (error) {
      if (needsIpv6()) throw error;
      log.warn({error}, 'cannot set up the packet filter of IPv6');
    }
  };
  return {
    async sync(rules) {
      const [of4, of6] = split(rules);
      await settle([ipv4?.sync(of4), syncIpv6(of6)]);
    },
    async change(add, remove) {
      const [add4, add6] = split(add);
      const [remove4, remove6] = split(remove);
      await ipv4?.change(add4, remove4);
      try {
        if (add6.length + remove6.length > 0) await ipv6?.change(add6, remove6);
      } catch (error) {
        await ipv4?.change(remove4, add4);
        throw error;
      }
    },
  };
}

function split(rules: readonly FirewallRule[]): [FirewallRule[], FirewallRule[]] {
  return [rules.filter(({family}) => family !== 'ipv6'), rules.filter(({family}) => family === 'ipv6')];
}

/** Waits for both, then throws the first failure. */
async function settle(work: readonly (Promise<void> | undefined)[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason;
}
