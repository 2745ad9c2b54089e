/** Whom a name means, seen from one container: only those on a user-defined network that it is on too. */
import {formatIpv6, parseReverse6} from '../ipv6.ts';
import {isUserDefined, type Network} from '../network.ts';
import type {Endpoint} from '../sandbox-record.ts';

/** The networks of the asking container. */
export type Neighbourhood = readonly Network[];

/** Addresses of both families of `name`, `name.network`, or of a link's alias of the asking container; undefined when nobody has it. */
export function addressesOf(networks: Neighbourhood, name: string, askerId: string): string[] | undefined {
  const found = networks.filter(isUserDefined).flatMap(network => {
    const suffix = `.${network.record.Name.toLowerCase()}`;
    const short = name.endsWith(suffix) ? name.slice(0, -suffix.length) : undefined;
    const names = [name, ...(short ? [short] : []), ...linkedNames(network.endpoints.get(askerId), name)];
    return endpoints(network).filter(endpoint => names.some(each => hasName(endpoint, each)));
  });
  if (found.length === 0) return undefined;
  const addresses = found.flatMap(({address, address6}) => [address, address6]);
  return [...new Set(addresses.filter(address => address !== ''))];
}

/**
 * `name.network` of the one that has the address, out of `4.3.2.1.in-addr.arpa` or its like of IPv6; undefined when
 * nobody has it.
 */
export function nameOfReverse(networks: Neighbourhood, query: string): string | undefined {
  const address = reversedAddress(query);
  if (address === undefined) return undefined;
  for (const network of networks.filter(isUserDefined)) {
    const owner = endpoints(network).find(endpoint => endpoint.address === address || endpoint.address6 === address);
    if (owner) return `${owner.dnsNames?.[0] ?? owner.containerName}.${network.record.Name}`;
  }
  return undefined;
}

function reversedAddress(query: string): string | undefined {
  const address6 = parseReverse6(query);
  if (address6 !== undefined) return formatIpv6(address6);
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(query);
  return match?.slice(1).reverse().join('.');
}

/** Names of the containers that the asking one calls `alias`, by its links on this network. */
function linkedNames(asker: Endpoint | undefined, alias: string): string[] {
  return (asker?.links ?? []).flatMap(link => {
    const [container = '', own = container] = link.split(':');
    return own.toLowerCase() === alias ? [container.toLowerCase()] : [];
  });
}

function endpoints(network: Network): Endpoint[] {
  return [...network.endpoints.values()];
}

function hasName(endpoint: Endpoint, name: string): boolean {
  return endpoint.dnsNames?.some(each => each.toLowerCase() === name) ?? false;
}
