/**
 * The fields of inspected objects that their JSON does not show: other spellings (templates know Docker's fields by
 * their names in Go), and fields that are left out when empty.
 */

/** Name in templates → name in JSON, where they differ. */
const spellings: Record<string, string> = {
  ID: 'Id',
  DNS: 'Dns',
  DNSOptions: 'DnsOptions',
  DNSSearch: 'DnsSearch',
  NanoCPUs: 'NanoCpus',
  CPUShares: 'CpuShares',
  CPUPeriod: 'CpuPeriod',
  CPUQuota: 'CpuQuota',
  CPURealtimePeriod: 'CpuRealtimePeriod',
  CPURealtimeRuntime: 'CpuRealtimeRuntime',
  CPUCount: 'CpuCount',
  CPUPercent: 'CpuPercent',
  HostIP: 'HostIp',
  AuxAddress: 'AuxiliaryAddresses',
};

/** What a field has that was left out because it is empty: pointers nil, texts and lists empty. */
const optional: Record<string, unknown> = {
  // containers
  Health: null,
  Healthcheck: null,
  SizeRw: null,
  SizeRootFs: null,
  StopTimeout: null,
  StopSignal: '',
  Shell: [],
  MacAddress: '',
  NetworkDisabled: false,
  ArgsEscaped: false,
  ExposedPorts: {},
  Volumes: {},
  Mounts: [],
  Init: null,
  Runtime: '',
  Sysctls: {},
  StorageOpt: {},
  Tmpfs: {},
  Annotations: {},
  Platform: '',
  ImageManifestDescriptor: null,
  GraphDriver: null,
  Storage: null,
  BindOptions: null,
  VolumeOptions: null,
  TmpfsOptions: null,
  // images
  Descriptor: null,
  Manifests: [],
  Variant: '',
  OsVersion: '',
  VirtualSize: 0,
  Container: '',
  ContainerConfig: null,
  OnBuild: [],
  Entrypoint: [],
  Cmd: [],
  Labels: {},
  Env: [],
  User: '',
  WorkingDir: '',
  // networks and volumes
  ConfigFrom: null,
  Peers: [],
  Services: {},
  Gateway: '',
  IPRange: '',
  AuxiliaryAddresses: {},
  IPv4Address: '',
  IPv6Address: '',
  LinkLocalIPs: [],
  Status: {},
  UsageData: null,
  ClusterVolume: null,
  CreatedAt: '',
};

/** The value of a field under its other name, or of an optional one; throws for a name that means nothing. */
export function missingField(map: Record<string, unknown>, name: string): unknown {
  const spelling = Object.hasOwn(spellings, name) ? spellings[name]! : name;
  if (Object.hasOwn(map, spelling)) return map[spelling];
  if (Object.hasOwn(optional, spelling)) return optional[spelling];
  return missingKey(map, name);
}

/** Go's text for a key that is not in a map. */
export function missingKey(_map: Record<string, unknown>, name: string): never {
  throw new Error(`map has no entry for key ${JSON.stringify(name)}`);
}
