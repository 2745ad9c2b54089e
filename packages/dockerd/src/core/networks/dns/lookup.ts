/** Whom a name means, seen from one container: only those on a user-defined network that it is on too. */
import {isUserDefined, type Network} from '../network.ts';
import type {Endpoint} from '../sandbox-record.ts';

/** The networks of the asking container. */
export type Neighbourhood = readonly Network[];

/** Addresses of `name` or `name.network`; undefined when nobody has it. */
export function addressesOf(networks: Neighbourhood, name: string): string[] | undefined {
  const found = networks.filter(isUserDefined).flatMap(network => {
    const suffix = `.${network.record.Name.toLowerCase()}`;
    const short = name.endsWith(suffix) ? name.slice(0, -suffix.length) : undefined;
    return endpoints(network).filter(endpoint => hasName(endpoint, name) || (short && hasName(endpoint, short)));
  });
  return found.length === 0 ? undefined : [...new Set(found.map(({address}) => address))];
}

/** `name.network` of the one that has the address, out of `4.3.2.1.in-addr.arpa`; undefined when nobody has it. */
export function nameOfReverse(networks: Neighbourhood, query: string): string | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(query);
  if (!match) return undefined;
  const address = match.slice(1).reverse().join('.');
  for (const network of networks.filter(isUserDefined)) {
    const owner = endpoints(network).find(endpoint => endpoint.address === address);
    if (owner) return `${owner.dnsNames?.[0] ?? owner.containerName}.${network.record.Name}`;
  }
  return undefined;
}

function endpoints(network: Network): Endpoint[] {
  return [...network.endpoints.values()];
}

function hasName(endpoint: Endpoint, name: string): boolean {
  return endpoint.dnsNames?.some(each => each.toLowerCase() === name) ?? false;
}
