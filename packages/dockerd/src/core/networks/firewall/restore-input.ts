/** Input of `iptables-restore --noflush`, made from what `iptables-save` printed and what is to hold. */
import type {FirewallRule} from '../ports.ts';
import {ownChains, userChain} from './network-rules.ts';

const tables = ['raw', 'filter', 'nat'] as const;

/**
 * Text that replaces everything of ours by `rules`: own chains are emptied (naming a chain does that), rules of ours in
 * the built-in chains are deleted one by one. `dropForward` also sets the policy of FORWARD.
 */
export function syncInput(saved: string, rules: readonly FirewallRule[], options: {dropForward: boolean}): string {
  const devices = devicesOf(rules);
  const existing = readSaved(saved);
  return tables
    .map(table => {
      const stale = existing.rules
        .filter(rule => rule.table === table && isOurs(rule, devices))
        .map(rule => `-D ${rule.chain} ${rule.rule}`);
      return [
        `*${table}`,
        ...ownChains[table].map(chain => `:${chain} - [0:0]`),
        ...(table === 'filter' && !existing.hasUserChain ? [`:${userChain} - [0:0]`] : []),
        ...(table === 'filter' && options.dropForward ? ['-P FORWARD DROP'] : []),
        ...stale,
        ...rules.filter(rule => rule.table === table).map(addLine),
        'COMMIT',
      ].join('\n');
    })
    .join('\n')
    .concat('\n');
}

/** Text that makes one change, of rules of one family. */
export function changeInput(
  add: readonly FirewallRule[],
  remove: readonly FirewallRule[],
  options: {dropForward: boolean} = {dropForward: false},
): string {
  const text = tables.flatMap(table => {
    const lines = [
      ...(table === 'filter' && options.dropForward ? ['-P FORWARD DROP'] : []),
      ...remove.filter(rule => rule.table === table).map(rule => `-D ${rule.chain} ${rule.rule}`),
      ...add.filter(rule => rule.table === table).map(addLine),
    ];
    return lines.length > 0 ? [`*${table}`, ...lines, 'COMMIT'] : [];
  });
  return text.length > 0 ? `${text.join('\n')}\n` : '';
}

function addLine({chain, rule, at}: FirewallRule): string {
  return `${at === 'head' ? '-I' : '-A'} ${chain} ${rule}`;
}

interface Saved {
  rules: {table: string; chain: string; rule: string}[];
  hasUserChain: boolean;
}

function readSaved(text: string): Saved {
  const result: Saved = {rules: [], hasUserChain: false};
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    else if (table === 'filter' && line.startsWith(`:${userChain} `)) result.hasUserChain = true;
    const added = /^-A (\S+) (.+)$/.exec(line);
    if (added) result.rules.push({table, chain: added[1] as string, rule: added[2] as string});
  }
  return result;
}

/** Rules of an earlier daemon in built-in chains: jumps to our chains, and what names a bridge of ours. */
function isOurs(
  {table, chain, rule}: {table: string; chain: string; rule: string},
  devices: ReadonlySet<string>,
): boolean {
  const isBridge = (name: string | undefined) =>
    name !== undefined && (devices.has(name) || /^br-[0-9a-f]{12}$/.test(name));
  switch (`${table} ${chain}`) {
    case 'filter FORWARD':
      return /^-j DOCKER-(USER|FORWARD)$/.test(rule);
    case 'nat PREROUTING':
    case 'nat OUTPUT':
      return rule.endsWith('-j DOCKER');
    case 'nat POSTROUTING':
      return (
        isBridge(/^-s \S+ ! -o (\S+) -j (?:MASQUERADE|SNAT --to-source \S+)$/.exec(rule)?.[1]) ||
        isBridge(/^-o (\S+) -m addrtype --src-type LOCAL -j (?:MASQUERADE|SNAT --to-source \S+)$/.exec(rule)?.[1]) ||
        isHairpin(rule)
      );
    case 'raw PREROUTING':
      return (
        isBridge(/^-d \S+ ! -i (\S+)( -m addrtype ! --dst-type LOCAL)? -j DROP$/.exec(rule)?.[1]) ||
        isLoopbackGuard(rule)
      );
    default:
      return false;
  }
}

function isHairpin(rule: string): boolean {
  const match = /^-s (\S+)\/(?:32|128) -d (\S+)\/(?:32|128) -p \S+ -m \S+ --dport \d+ -j MASQUERADE$/.exec(rule);
  return match !== null && match[1] === match[2];
}

function isLoopbackGuard(rule: string): boolean {
  return /^-d (?:127\.\d+\.\d+\.\d+\/32|::1\/128) ! -i lo -p \S+ -m \S+ --dport \d+ -j DROP$/.test(rule);
}

/** Bridges that the wanted rules speak of. */
function devicesOf(rules: readonly FirewallRule[]): Set<string> {
  return new Set(rules.flatMap(({rule}) => [...rule.matchAll(/-[io] (\S+)/g)].map(match => match[1] as string)));
}
