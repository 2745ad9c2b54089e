/** `--network name=net1,alias=db,ip=10.0.0.5` and the flags that say the same of the first network. */
import type {EndpointSettings} from '@longshore/api/engine';
import {flag, splitPair} from '../command/flags.ts';
import {parseCsvLine} from './csv.ts';
import type {ContainerFlags} from './flags.ts';

export interface NetworkAttachment {
  target: string;
  aliases: string[];
  links: string[];
  driverOptions: Record<string, string>;
  linkLocalIps: string[];
  ipv4: string;
  ipv6: string;
  mac: string;
  gatewayPriority: number;
}

export const networkFlag = flag.custom<NetworkAttachment[]>(
  'network',
  'Connect a container to a network',
  (previous, text) => [...previous, parseNetwork(text)],
  {initial: [], aliases: ['net']},
);

/** Throws an Error with Docker's text. A text without `=` is the name. */
export function parseNetwork(text: string): NetworkAttachment {
  const attachment: NetworkAttachment = blankAttachment();
  if (!/\w+=\w+/.test(text)) return {...attachment, target: text};
  for (const field of parseCsvLine(text)) {
    const [rawKey, value] = splitPair(field);
    const key = rawKey.trim().toLowerCase();
    if (!field.includes('=')) throw new Error(`invalid field ${field}`);
    if (key === 'name') attachment.target = value.trim();
    else if (key === 'alias') attachment.aliases.push(value.trim());
    else if (key === 'ip') attachment.ipv4 = value.trim();
    else if (key === 'ip6') attachment.ipv6 = value.trim();
    else if (key === 'mac-address') attachment.mac = value.trim();
    else if (key === 'link-local-ip') attachment.linkLocalIps.push(value.trim());
    else if (key === 'gw-priority') attachment.gatewayPriority = priority(value.trim());
    else if (key === 'driver-opt') {
      if (!value.includes('=')) throw new Error('invalid key value pair format in driver options');
      Object.assign(attachment.driverOptions, Object.fromEntries([splitPair(value)]));
    } else throw new Error(`invalid field key ${key}`);
  }
  if (attachment.target === '') throw new Error('network name/id is not specified');
  return attachment;
}

function priority(text: string): number {
  if (/^[-+]?\d+$/.test(text)) return Number(text);
  throw new Error(
    `invalid gw-priority (${text}): value must be an integer: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

function blankAttachment(): NetworkAttachment {
  return {
    target: '',
    aliases: [],
    links: [],
    driverOptions: {},
    linkLocalIps: [],
    ipv4: '',
    ipv6: '',
    mac: '',
    gatewayPriority: 0,
  };
}

export interface NetworkPlan {
  /** What HostConfig.NetworkMode says: the first network, or `default`. */
  mode: string;
  endpoints: Record<string, EndpointSettings>;
}

/** Networks that only one container's namespace can be, and that take no endpoint settings. */
function isUserDefined(name: string): boolean {
  return !['default', 'bridge', 'host', 'none'].includes(name) && !name.startsWith('container:');
}

/** Joins `--network` with `--ip`, `--network-alias` and the like, which belong to the first network. */
export function planNetworks(flags: ContainerFlags): NetworkPlan {
  const attachments = flags.network.length > 0 ? flags.network : [{...blankAttachment(), target: 'default'}];
  const [first, ...others] = attachments as [NetworkAttachment, ...NetworkAttachment[]];
  const merged = [mergeFlags(first, flags), ...others];
  const endpoints: Record<string, EndpointSettings> = {};
  for (const attachment of merged) {
    const {target} = attachment;
    if (target === '') throw new Error('no name set for network');
    if (Object.hasOwn(endpoints, target))
      throw new Error(`network ${JSON.stringify(target)} is specified multiple times`);
    if (merged.length > 1 && !isUserDefined(target)) {
      throw new Error('conflicting options: cannot attach both user-defined and non-user-defined network-modes');
    }
    endpoints[target] = endpoint(attachment);
  }
  const {target} = first;
  const hasSettings = isUserDefined(target) || target === 'default' || target === 'bridge' || hasContent(merged[0]!);
  return {mode: target, endpoints: hasSettings ? endpoints : {}};
}

function mergeFlags(network: NetworkAttachment, flags: ContainerFlags): NetworkAttachment {
  checkConflict(flags['network-alias'].length > 0 && network.aliases.length > 0, 'network-alias', 'alias');
  checkConflict(flags.ip !== '' && network.ipv4 !== '', 'ip', 'IPv4 address');
  checkConflict(flags.ip6 !== '' && network.ipv6 !== '', 'ip6', 'IPv6 address');
  checkConflict(flags['mac-address'] !== '' && network.mac !== '', 'mac-address', 'MAC address');
  const hasBothLinkLocal = flags['link-local-ip'].length > 0 && network.linkLocalIps.length > 0;
  checkConflict(hasBothLinkLocal, 'link-local-ip', 'link-local IP addresses');
  return {
    ...network,
    aliases: [...network.aliases, ...flags['network-alias']],
    links: isUserDefined(network.target) ? flags.link : [],
    ipv4: flags.ip || network.ipv4,
    ipv6: flags.ip6 || network.ipv6,
    mac: checkMac(flags['mac-address'] || network.mac),
    linkLocalIps: [...network.linkLocalIps, ...flags['link-local-ip']],
  };
}

function checkConflict(isConflict: boolean, flagName: string, setting: string): void {
  if (isConflict) throw new Error(`conflicting options: cannot specify both --${flagName} and per-network ${setting}`);
}

function checkMac(mac: string): string {
  if (mac === '' || /^([0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\2){4}[0-9a-f]{2}$/i.test(mac.trim())) return mac.trim();
  throw new Error(`${mac} is not a valid mac address`);
}

function hasContent({aliases, ipv4, ipv6, mac, linkLocalIps}: NetworkAttachment): boolean {
  return aliases.length > 0 || ipv4 !== '' || ipv6 !== '' || mac !== '' || linkLocalIps.length > 0;
}

/** What a request says of one endpoint. */
function endpoint(network: NetworkAttachment): EndpointSettings {
  const ipam = {
    ...(network.ipv4 && {IPv4Address: network.ipv4}),
    ...(network.ipv6 && {IPv6Address: network.ipv6}),
    ...(network.linkLocalIps.length > 0 && {LinkLocalIPs: network.linkLocalIps}),
  };
  const orNull = <T>(list: T[]) => (list.length > 0 ? list : null);
  return {
    IPAMConfig: Object.keys(ipam).length > 0 ? ipam : null,
    Links: orNull(network.links),
    Aliases: orNull(network.aliases),
    MacAddress: network.mac,
    DriverOpts: Object.keys(network.driverOptions).length > 0 ? network.driverOptions : null,
    GwPriority: network.gatewayPriority,
    ...unsetEndpoint,
  };
}

/** What only the engine fills in. */
export const unsetEndpoint = {
  NetworkID: '',
  EndpointID: '',
  Gateway: '',
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  DNSNames: null,
} as const;
