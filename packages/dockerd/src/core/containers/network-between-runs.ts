import type {NetworkSettings} from './documents/network-settings.ts';

/** What a container that does not run keeps of its network: the wishes of the user. */
export function withoutRunData(settings: NetworkSettings): NetworkSettings {
  const kept = Object.entries(settings.Networks ?? {}).map(([name, endpoint]) => [
    name,
    {
      ...endpoint,
      MacAddress: '',
      EndpointID: '',
      Gateway: '',
      IPAddress: '',
      IPPrefixLen: 0,
      IPv6Gateway: '',
      GlobalIPv6Address: '',
      GlobalIPv6PrefixLen: 0,
    },
  ]);
  return {...settings, SandboxID: '', SandboxKey: '', Ports: {}, Networks: Object.fromEntries(kept)};
}
