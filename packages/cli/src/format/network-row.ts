/** Rows of `docker network ls`. */
import type {Network} from '@longshore/api/engine';
import type {RowType} from './list.ts';
import {formatLabels, goTimeOf, shortId} from './text.ts';

export const networkTable = '{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}';
export const networkRaw = 'network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n';

export function networkRow(options: {truncate: boolean}): RowType<Network> {
  return {
    goType: '*formatter.networkContext',
    fields: {
      ID: {header: 'NETWORK ID', get: network => (options.truncate ? shortId(network.Id) : network.Id)},
      Name: {header: 'NAME', get: network => network.Name},
      Driver: {header: 'DRIVER', get: network => network.Driver},
      Scope: {header: 'SCOPE', get: network => network.Scope},
      IPv4: {header: 'IPV4', get: network => String(network.EnableIPv4 ?? true)},
      IPv6: {header: 'IPV6', get: network => String(network.EnableIPv6)},
      Internal: {header: 'INTERNAL', get: network => String(network.Internal)},
      Labels: {header: 'LABELS', get: network => formatLabels(network.Labels)},
      Label: {lookup: (network, key) => network.Labels?.[key] ?? ''},
      CreatedAt: {header: 'CREATED AT', get: network => goTimeOf(network.Created)},
    },
  };
}
