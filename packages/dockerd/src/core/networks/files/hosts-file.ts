/** /etc/hosts of a container, as Docker writes it. */

import {isIP} from 'node:net';
import {EngineError} from '@longshore/errdefs';

/** A line: names of an address. */
export interface HostsEntry {
  address: string;
  names: string;
}

const localhost: readonly HostsEntry[] = [
  {address: '127.0.0.1', names: 'localhost'},
  {address: '::1', names: 'localhost ip6-localhost ip6-loopback'},
  {address: 'fe00::', names: 'ip6-localnet'},
  {address: 'ff00::', names: 'ip6-mcastprefix'},
  {address: 'ff02::1', names: 'ip6-allnodes'},
  {address: 'ff02::2', names: 'ip6-allrouters'},
];

/** What a user may write for the address of the host. */
export const hostGateway = 'host-gateway';

/** The file of a container with its own network: localhost, `--add-host` entries, then the container itself. */
export function formatHosts(entries: readonly HostsEntry[]): string {
  return [...localhost, ...entries].map(formatEntry).join('');
}

/** The file of a container on the host's network: the host's own, and the user's entries. */
export function appendHosts(hostFile: string, entries: readonly HostsEntry[]): string {
  const text = hostFile === '' || hostFile.endsWith('\n') ? hostFile : `${hostFile}\n`;
  return text + entries.map(formatEntry).join('');
}

/** The names of the container on its own addresses: the full name, if it has a domain, before its first part. */
export function ownEntries(addresses: readonly string[], hostname: string, domainname: string): HostsEntry[] {
  if (hostname === '') return [];
  const full = domainname === '' ? hostname : `${hostname}.${domainname}`;
  const dot = full.indexOf('.');
  const names = dot < 0 ? full : `${full} ${full.slice(0, dot)}`;
  return addresses.map(address => ({address, names}));
}

/**
 * Reads `--add-host NAME:ADDRESS` (also `NAME=ADDRESS`); `host-gateway` becomes each of `gateways`. Throws
 * `invalid-argument` with Docker's words.
 */
export function parseExtraHost(text: string, gateways: readonly string[]): HostsEntry[] {
  const at = text.search(/[:=]/);
  const name = text.slice(0, at);
  const given = text.slice(at + 1);
  if (at <= 0) throw new EngineError('invalid-argument', `bad format for add-host: ${JSON.stringify(text)}`);
  if (given === hostGateway) {
    if (gateways.length === 0) {
      throw new EngineError('unknown', 'unable to derive the IP value for host-gateway');
    }
    return gateways.map(address => ({address, names: name}));
  }
  const address = given.replace(/^\[(.*)\]$/, '$1');
  if (isIP(address) === 0) {
    throw new EngineError('invalid-argument', `invalid IP address in add-host: ${JSON.stringify(given)}`);
  }
  return [{address, names: name}];
}

function formatEntry({address, names}: HostsEntry): string {
  return `${address}\t${names}\n`;
}
