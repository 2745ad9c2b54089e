/** Networks as the API shows them. */
import type {NetworkContainer, Network as NetworkJson} from '@longshore/api/engine';
import type {NetworkRecord} from '../../core/networks/documents.ts';
import {networkRecord} from '../../core/networks/documents.ts';
import type {Network} from '../../core/networks/network.ts';

/** An element of the list, which names no containers. */
export function networkToJson({record}: Network): NetworkJson {
  return {
    Name: record.Name,
    Id: record.Id,
    Created: record.Created,
    Scope: 'local',
    Driver: record.Driver,
    EnableIPv4: true,
    EnableIPv6: record.EnableIPv6,
    IPAM: ipamToJson(record),
    Internal: record.Internal,
    Attachable: record.Attachable,
    Ingress: false,
    ConfigFrom: {Network: ''},
    ConfigOnly: false,
    Containers: {},
    Options: record.Options ?? {},
    Labels: record.Labels ?? {},
  };
}

/** With the containers that run on it. */
export function networkDetailsToJson(network: Network): NetworkJson {
  const entries = [...network.endpoints].sort(([a], [b]) => (a < b ? -1 : 1));
  const containers = entries.map(([id, endpoint]): [string, NetworkContainer] => [
    id,
    {
      Name: endpoint.containerName,
      EndpointID: endpoint.id,
      MacAddress: endpoint.mac,
      IPv4Address: endpoint.address === '' ? '' : `${endpoint.address}/${endpoint.prefix}`,
      IPv6Address: endpoint.address6 === '' ? '' : `${endpoint.address6}/${endpoint.prefix6}`,
    },
  ]);
  return {...networkToJson(network), Containers: Object.fromEntries(containers)};
}

function ipamToJson(record: NetworkRecord): NetworkJson['IPAM'] {
  return (networkRecord.encode(record) as {IPAM: NetworkJson['IPAM']}).IPAM;
}
