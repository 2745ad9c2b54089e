/** Whom a name means, seen from one container: only those on a user-defined network that it is on too. */
import {isUserDefined, type Network} from '../network.ts';
import type {Endpoint} from '../sandbox-record.ts';

/** The networks of the asking container. */
export type Neighbourhood = readonly Network[];

/** Addresses of `name`, `name.network`, or of a link's alias of the asking container; undefined when nobody has it. */
export function addressesOf(networks: Neighbourhood, name: string, askerId: string): string[] | undefined {
  const found = networks.filter(isUserDefined).flatMap(network => {
    const suffix = `.${network.record.Name.toLowerCase()}`;
    const short = name.endsWith(suffix) ? name.slice(0, -suffix.length) : undefined;
    const names = [name, ...(short ? [short] : []), ...linkedNames(network.endpoints.get(askerId), name)];
    return endpoints(network).filter(endpoint => names.some(each => hasName(endpoint, each)));
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
