/** Where the definition of API 1.51 is not what Docker 28.5 answers, as its recorded answers show: we do as Docker does. */

export interface Mistake {
  /** Matches what is said of an answer: `GET /info: Warnings: null, must be array`. */
  problem: RegExp;
  because: string;
}

/** Lists and maps that Go leaves nil when nothing was given: null, though not marked `x-nullable`. */
const nil = [
  // Before the first check has ended
  'State\\.Health\\.Log',
  // Endpoints
  ...['Networks\\.[^.]+\\.(Aliases|DNSNames|Links)'],
  // Containers and images
  ...['Config\\.(Entrypoint|Labels|Volumes|Cmd|Env)', '\\[\\]\\.(Labels|Tags)', 'Images\\[\\]\\.(Labels|RepoDigests)'],
  `HostConfig\\.(${[
    ...['Binds', 'BlkioDevice(Read|Write)(Bps|IOps)', 'BlkioWeightDevice', 'CapAdd', 'CapDrop', 'DeviceCgroupRules'],
    ...['DeviceRequests', 'Devices', 'Dns', 'DnsOptions', 'DnsSearch', 'ExtraHosts', 'GroupAdd', 'Links'],
    ...['MaskedPaths', 'PortBindings', 'ReadonlyPaths', 'SecurityOpt', 'Ulimits', 'VolumesFrom'],
  ].join('|')})`,
  ...['blkio_stats\\.io_service_bytes_recursive', 'GraphDriver\\.Data'],
  // Networks and volumes
  ...['IPAM\\.(Config|Options)', '(Volumes\\[\\]\\.)?(Labels|Options)'],
  // The daemon
  ...['GenericResources', 'Plugins\\.Authorization', 'RegistryConfig\\.Mirrors', 'Warnings'],
  ...['BuildCache', 'Containers', 'Images', 'Volumes'],
  ...['CachesDeleted', 'ContainersDeleted', 'ImagesDeleted', 'NetworksDeleted'],
];

export const mistakes: Mistake[] = [
  {problem: new RegExp(`[ .](${nil.join('|')}): null, must be (array|object)$`), because: 'nil in Go is null in JSON'},
  {problem: /^GET \/containers\/\{id\}\/changes: : null, must be array$/, because: 'no change is a nil list'},
  {
    problem: /HostConfig\.MemorySwappiness: null, must be integer$/,
    because: 'a pointer: null unless the field was given',
  },
  {problem: /^GET \/exec\/\{id\}\/json: ExitCode: null, must be integer$/, because: 'null until the process has ended'},
  {
    problem: /^GET \/system\/df: BuildCache\[\]: unknown key {2}?Parents$/,
    because: 'the key that Docker sends begins with a space',
  },
  {
    problem: /^GET \/images\/.*Manifests\[\]\.ImageData: UnpackedSize is missing$/,
    because: 'listed as required, but no property of this name: it is Size.Unpacked',
  },
  {
    problem: /Manifests\[\]\.ImageData\.Containers: null, must be array$/,
    because: 'nil where containers are not asked for',
  },
  {
    problem: /^GET \/events: : unknown key (status|id|from)$/,
    because: 'old keys of container and image events, sent until API 1.52',
  },
];
