/** What a link opens where containers of a network may not talk to each other (`--icc=false`). */
import type {LinkedHost} from '../../ports/network-controller.ts';
import type {BridgeNetwork} from '../network.ts';
import type {FirewallRule} from '../ports.ts';
import type {Endpoint} from '../sandbox-record.ts';

/** The exposed ports of the linked containers, for requests one way and answers the other. Empty where all is open. */
export function linkRules(network: BridgeNetwork, parent: Endpoint, linked: readonly LinkedHost[]): string[] {
  if (network.options.icc) return [];
  const {device} = network;
  const rules = linked.flatMap(({address, ports}) =>
    ports.flatMap(port => {
      const [number = '', protocol = 'tcp'] = port.split('/');
      const way = (from: string, to: string, match: string) =>
        `-s ${from}/32 -d ${to}/32 -i ${device} -o ${device} -p ${protocol} -m ${protocol} --${match} ${number} -j ACCEPT`;
      return [way(parent.address, address, 'dport'), way(address, parent.address, 'sport')];
    }),
  );
  return [...new Set(rules)];
}

/** As the packet filter takes them: before the rules that drop. */
export function toFirewallRules(rules: readonly string[] | null): FirewallRule[] {
  return (rules ?? []).map(rule => ({table: 'filter', chain: 'DOCKER', rule, at: 'head'}));
}
