/** The packet filter of bridge networks: the chains, jumps and rules of Docker 28, in the words of iptables-save. */
import {formatSubnet} from '../ipv4.ts';
import {formatSubnet6} from '../ipv6.ts';
import type {BridgeNetwork} from '../network.ts';
import type {FirewallRule} from '../ports.ts';
import type {PublishedPort} from '../sandbox-record.ts';

/** Chains that belong to the daemon, by table. What somebody else puts there is lost. */
export const ownChains = {
  raw: [],
  filter: [
    'DOCKER',
    'DOCKER-BRIDGE',
    'DOCKER-CT',
    'DOCKER-FORWARD',
    'DOCKER-ISOLATION-STAGE-1',
    'DOCKER-ISOLATION-STAGE-2',
  ],
  nat: ['DOCKER'],
} as const satisfies Record<FirewallRule['table'], readonly string[]>;

/** Made when missing, then left to the administrator. */
export const userChain = 'DOCKER-USER';

/** Rules that do not depend on any network. */
export function baseRules(options: {userlandProxy: boolean}): FirewallRule[] {
  return [
    ...baseRulesOf(options.userlandProxy ? '! -d 127.0.0.0/8 ' : ''),
    ...ofIpv6(baseRulesOf(options.userlandProxy ? '! -d ::1/128 ' : '')),
  ];
}

function baseRulesOf(output: string): FirewallRule[] {
  return [
    head('filter', 'FORWARD', '-j DOCKER-FORWARD'),
    head('filter', 'FORWARD', `-j ${userChain}`),
    tail('filter', 'DOCKER-FORWARD', '-j DOCKER-CT'),
    tail('filter', 'DOCKER-FORWARD', '-j DOCKER-ISOLATION-STAGE-1'),
    tail('filter', 'DOCKER-FORWARD', '-j DOCKER-BRIDGE'),
    tail('nat', 'PREROUTING', '-m addrtype --dst-type LOCAL -j DOCKER'),
    tail('nat', 'OUTPUT', `${output}-m addrtype --dst-type LOCAL -j DOCKER`),
  ];
}

/** Rules of one network: forwarding, isolation from the others, masquerading. */
export function networkRules(network: BridgeNetwork): FirewallRule[] {
  const rulesOf = network.internal ? internalRules : externalRules;
  const {subnet, v6} = network;
  const own = rulesOf(network, formatSubnet(subnet));
  if (!v6) return own;
  const without = {...network, options: {...network.options, sourceAddress: undefined}};
  return [...own, ...ofIpv6(rulesOf(without, formatSubnet6(v6.subnet)))];
}

function externalRules({device, options, hairpin, directRouting}: BridgeNetwork, cidr: string): FirewallRule[] {
  const source = options.sourceAddress === undefined ? 'MASQUERADE' : `SNAT --to-source ${options.sourceAddress}`;
  return [
    ...(directRouting ? [] : [directAccess(device, cidr)]),
    tail('filter', 'DOCKER', `! -i ${device} -o ${device} -j DROP`),
    tail('filter', 'DOCKER-BRIDGE', `-o ${device} -j DOCKER`),
    tail('filter', 'DOCKER-CT', `-o ${device} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`),
    ...(options.icc ? [] : [tail('filter', 'DOCKER-FORWARD', `-i ${device} -o ${device} -j DROP`)]),
    tail('filter', 'DOCKER-FORWARD', `-i ${device} -j ACCEPT`),
    tail('filter', 'DOCKER-ISOLATION-STAGE-1', `-i ${device} ! -o ${device} -j DOCKER-ISOLATION-STAGE-2`),
    head('filter', 'DOCKER-ISOLATION-STAGE-2', `-o ${device} -j DROP`),
    ...(options.masquerade ? [head('nat', 'POSTROUTING', `-s ${cidr} ! -o ${device} -j ${source}`)] : []),
    ...(hairpin ? [head('nat', 'POSTROUTING', `-o ${device} -m addrtype --src-type LOCAL -j ${source}`)] : []),
    ...(hairpin ? [] : [head('nat', 'DOCKER', `-i ${device} -j RETURN`)]),
  ];
}

/** Nothing comes in from elsewhere, nothing gets out. */
function internalRules({device, options}: BridgeNetwork, cidr: string): FirewallRule[] {
  const verdict = options.icc ? 'ACCEPT' : 'DROP';
  return [
    directAccess(device, cidr),
    tail('filter', 'DOCKER-FORWARD', `-i ${device} -o ${device} -j ${verdict}`),
    head('filter', 'DOCKER-ISOLATION-STAGE-1', `! -d ${cidr} -i ${device} -j DROP`),
    head('filter', 'DOCKER-ISOLATION-STAGE-1', `! -s ${cidr} -o ${device} -j DROP`),
  ];
}

/**
 * Other machines must not reach a container by its own address, only by a published port. Docker has one such rule per
 * container; one for all of the network's addresses but the host's own says the same without a process per container.
 */
function directAccess(device: string, cidr: string): FirewallRule {
  return tail('raw', 'PREROUTING', `-d ${cidr} ! -i ${device} -m addrtype ! --dst-type LOCAL -j DROP`);
}

/** Rules of one published port. `hairpin` is for a host without the userland proxy. */
export function portRules(port: PublishedPort, options: {userlandProxy: boolean}): FirewallRule[] {
  const {protocol, containerAddress, containerPort, hostAddress, hostPort, device} = port;
  const match = `-p ${protocol} -m ${protocol}`;
  const isIpv6 = containerAddress.includes(':');
  const length = isIpv6 ? 128 : 32;
  const isAny = hostAddress === '0.0.0.0' || hostAddress === '::';
  const outside = options.userlandProxy ? `! -i ${device} ` : '';
  const target = `${isIpv6 ? `[${containerAddress}]` : containerAddress}:${containerPort}`;
  const rules = [
    head(
      'filter',
      'DOCKER',
      `-d ${containerAddress}/${length} ! -i ${device} -o ${device} ${match} --dport ${containerPort} -j ACCEPT`,
    ),
    tail(
      'nat',
      'DOCKER',
      `${isAny ? '' : `-d ${hostAddress}/${length} `}${outside}${match} --dport ${hostPort} -j DNAT --to-destination ${target}`,
    ),
    ...(hostAddress.startsWith('127.') || hostAddress === '::1'
      ? [tail('raw', 'PREROUTING', `-d ${hostAddress}/${length} ! -i lo ${match} --dport ${hostPort} -j DROP`)]
      : []),
    ...(options.userlandProxy
      ? []
      : [
          tail(
            'nat',
            'POSTROUTING',
            `-s ${containerAddress}/${length} -d ${containerAddress}/${length} ${match} --dport ${containerPort} -j MASQUERADE`,
          ),
        ]),
  ];
  return isIpv6 ? ofIpv6(rules) : rules;
}

function ofIpv6(rules: readonly FirewallRule[]): FirewallRule[] {
  return rules.map(rule => ({...rule, family: 'ipv6'}));
}

function head(table: FirewallRule['table'], chain: string, rule: string): FirewallRule {
  return {table, chain, rule, at: 'head'};
}

function tail(table: FirewallRule['table'], chain: string, rule: string): FirewallRule {
  return {table, chain, rule, at: 'tail'};
}
