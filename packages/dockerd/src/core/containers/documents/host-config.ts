/** How a container uses this host: Docker's HostConfig, as clients send it and as hostconfig.json keeps it. */
import {
  bool,
  emptyObject,
  int,
  int64,
  list,
  map,
  omitEmpty,
  pointer,
  type Shape,
  type ShapeOf,
  struct,
  text,
  textOrList,
  uint,
  uint16,
  uint32,
  wrongType,
} from '../../shape/shape.ts';
import {portMap} from './network-settings.ts';

/** Height and width of the client's terminal. */
const consoleSize: Shape<[number, number]> = {
  type: '[2]uint',
  decode(value, path) {
    if (value == null) return [0, 0];
    if (!Array.isArray(value)) wrongType(value, path, '[2]uint');
    return [uint.decode(value[0], path), uint.decode(value[1], path)];
  },
  encode: value => value,
  zero: () => [0, 0],
  isEmpty: value => value[0] === 0 && value[1] === 0,
};

const throttleDevice = struct({Path: text, Rate: int64}, 'ThrottleDevice');

/** Limits; also the body of an update request. */
const resourceFields = {
  CpuShares: int64,
  Memory: int64,
  NanoCpus: int64,
  CgroupParent: text,
  BlkioWeight: uint16,
  BlkioWeightDevice: list(struct({Path: text, Weight: uint16}, 'WeightDevice')),
  BlkioDeviceReadBps: list(throttleDevice),
  BlkioDeviceWriteBps: list(throttleDevice),
  BlkioDeviceReadIOps: list(throttleDevice),
  BlkioDeviceWriteIOps: list(throttleDevice),
  CpuPeriod: int64,
  CpuQuota: int64,
  CpuRealtimePeriod: int64,
  CpuRealtimeRuntime: int64,
  CpusetCpus: text,
  CpusetMems: text,
  Devices: list(struct({PathOnHost: text, PathInContainer: text, CgroupPermissions: text}, 'DeviceMapping')),
  DeviceCgroupRules: list(text),
  DeviceRequests: list(
    struct(
      {Driver: text, Count: int, DeviceIDs: list(text), Capabilities: list(list(text)), Options: map(text)},
      'DeviceRequest',
    ),
  ),
  KernelMemory: omitEmpty(int64),
  KernelMemoryTCP: omitEmpty(int64),
  MemoryReservation: int64,
  MemorySwap: int64,
  MemorySwappiness: pointer(int64),
  OomKillDisable: pointer(bool),
  PidsLimit: pointer(int64),
  Ulimits: list(struct({Name: text, Hard: int64, Soft: int64}, 'Ulimit')),
  CpuCount: int64,
  CpuPercent: int64,
  IOMaximumIOps: int64,
  IOMaximumBandwidth: int64,
};

export const restartPolicy = struct({Name: text, MaximumRetryCount: int}, 'RestartPolicy');
export type RestartPolicy = ShapeOf<typeof restartPolicy>;

export const mountRequest = struct(
  {
    Type: omitEmpty(text),
    Source: omitEmpty(text),
    Target: omitEmpty(text),
    ReadOnly: omitEmpty(bool),
    Consistency: omitEmpty(text),
    BindOptions: omitEmpty(
      pointer(
        struct(
          {
            Propagation: omitEmpty(text),
            NonRecursive: omitEmpty(bool),
            CreateMountpoint: omitEmpty(bool),
            ReadOnlyNonRecursive: omitEmpty(bool),
            ReadOnlyForceRecursive: omitEmpty(bool),
          },
          'BindOptions',
        ),
      ),
    ),
    VolumeOptions: omitEmpty(
      pointer(
        struct(
          {
            NoCopy: omitEmpty(bool),
            Labels: omitEmpty(map(text)),
            Subpath: omitEmpty(text),
            DriverConfig: omitEmpty(pointer(struct({Name: omitEmpty(text), Options: omitEmpty(map(text))}, 'Driver'))),
          },
          'VolumeOptions',
        ),
      ),
    ),
    ImageOptions: omitEmpty(pointer(struct({Subpath: omitEmpty(text)}, 'ImageOptions'))),
    TmpfsOptions: omitEmpty(
      pointer(
        struct(
          {SizeBytes: omitEmpty(int64), Mode: omitEmpty(uint32), Options: omitEmpty(list(list(text)))},
          'TmpfsOptions',
        ),
      ),
    ),
    ClusterOptions: omitEmpty(pointer(emptyObject)),
  },
  'Mount',
);
export type MountRequest = ShapeOf<typeof mountRequest>;

export const hostConfig = struct(
  {
    Binds: list(text),
    ContainerIDFile: text,
    LogConfig: struct({Type: text, Config: map(text)}, 'LogConfig'),
    NetworkMode: text,
    PortBindings: portMap,
    RestartPolicy: restartPolicy,
    AutoRemove: bool,
    VolumeDriver: text,
    VolumesFrom: list(text),
    ConsoleSize: consoleSize,
    Annotations: omitEmpty(map(text)),
    CapAdd: textOrList,
    CapDrop: textOrList,
    CgroupnsMode: text,
    Dns: list(text),
    DnsOptions: list(text),
    DnsSearch: list(text),
    ExtraHosts: list(text),
    GroupAdd: list(text),
    IpcMode: text,
    Cgroup: text,
    Links: list(text),
    OomScoreAdj: int,
    PidMode: text,
    Privileged: bool,
    PublishAllPorts: bool,
    ReadonlyRootfs: bool,
    SecurityOpt: list(text),
    StorageOpt: omitEmpty(map(text)),
    Tmpfs: omitEmpty(map(text)),
    UTSMode: text,
    UsernsMode: text,
    ShmSize: int64,
    Sysctls: omitEmpty(map(text)),
    Runtime: omitEmpty(text),
    Isolation: text,
    ...resourceFields,
    Mounts: omitEmpty(list(mountRequest)),
    MaskedPaths: list(text),
    ReadonlyPaths: list(text),
    Init: omitEmpty(pointer(bool)),
  },
  'HostConfig',
);
export type HostConfig = ShapeOf<typeof hostConfig>;

/** The body of POST /containers/{id}/update. */
export const updateConfig = struct({...resourceFields, RestartPolicy: restartPolicy}, 'UpdateConfig');
export type UpdateConfig = ShapeOf<typeof updateConfig>;
