/** config.v2.json: the record of a container in the shape that the original engine reads and writes. */
import {containerConfig} from '../../core/containers/documents/container-config.ts';
import type {HostConfig} from '../../core/containers/documents/host-config.ts';
import {networkSettings} from '../../core/containers/documents/network-settings.ts';
import {mountPoint} from '../../core/containers/mount-point.ts';
import type {ContainerRecord, HealthRecord, HealthStatus} from '../../core/containers/record.ts';
import {
  type ContainerState,
  exitCodeOf,
  hasProcess,
  type LastRun,
  lastRunOf,
  pidOf,
  startedAtOf,
} from '../../core/containers/state.ts';
import {
  bool,
  emptyObject,
  int,
  int64,
  list,
  map,
  omitEmpty,
  pointer,
  type ShapeOf,
  struct,
  text,
} from '../../core/shape/shape.ts';
import {formatNano, parseNano, zeroTime} from '../../core/time.ts';

const healthDocument = struct({
  Status: text,
  FailingStreak: int,
  Log: list(struct({Start: text, End: text, ExitCode: int, Output: text})),
});

const stateDocument = struct({
  Running: bool,
  Paused: bool,
  Restarting: bool,
  OOMKilled: bool,
  RemovalInProgress: omitEmpty(bool),
  Dead: bool,
  Pid: int,
  ExitCode: int,
  Error: text,
  StartedAt: text,
  FinishedAt: text,
  Health: omitEmpty(pointer(healthDocument)),
});

const platform = struct({architecture: text, os: text, variant: omitEmpty(text)});
const manifest = struct({mediaType: text, digest: text, size: int64, platform: omitEmpty(pointer(platform))});

const recordDocument = struct({
  StreamConfig: emptyObject,
  State: stateDocument,
  ID: text,
  Created: text,
  Managed: bool,
  Path: text,
  Args: list(text),
  Config: containerConfig,
  Image: text,
  ImageManifest: pointer(manifest),
  NetworkSettings: networkSettings,
  LogPath: text,
  Name: text,
  Driver: text,
  OS: text,
  ImagePlatform: platform,
  RestartCount: int,
  HasBeenStartedBefore: bool,
  HasBeenManuallyStopped: bool,
  MountPoints: map(mountPoint),
  SecretReferences: pointer(emptyObject),
  ConfigReferences: pointer(emptyObject),
  MountLabel: text,
  ProcessLabel: text,
  AppArmorProfile: text,
  SeccompProfile: text,
  NoNewPrivileges: bool,
  WritableCgroups: pointer(bool),
  HostnamePath: text,
  HostsPath: text,
  ShmPath: text,
  ResolvConfPath: text,
  LocalLogCacheMeta: struct({HaveNotifyEnabled: bool}),
});
type RecordDocument = ShapeOf<typeof recordDocument>;

/** The JSON text of config.v2.json. */
export function encodeRecord(record: ContainerRecord): string {
  const document: RecordDocument = {
    StreamConfig: {},
    State: stateToDocument(record),
    ID: record.id,
    Created: formatNano(record.created),
    Managed: false,
    Path: record.path,
    Args: record.args,
    Config: record.config,
    Image: record.image,
    ImageManifest: record.imageManifest ? {...record.imageManifest, platform: platformToDocument(record)} : null,
    NetworkSettings: record.network,
    LogPath: record.files.log,
    Name: record.name,
    Driver: record.driver,
    OS: 'linux',
    ImagePlatform: platformToDocument(record),
    RestartCount: record.restartCount,
    HasBeenStartedBefore: record.hasBeenStarted,
    HasBeenManuallyStopped: record.manuallyStopped,
    MountPoints: record.mounts,
    SecretReferences: null,
    ConfigReferences: null,
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: record.appArmorProfile,
    SeccompProfile: record.seccompProfile,
    NoNewPrivileges: record.noNewPrivileges,
    WritableCgroups: null,
    HostnamePath: record.files.hostname,
    HostsPath: record.files.hosts,
    ShmPath: record.files.shm,
    ResolvConfPath: record.files.resolvConf,
    LocalLogCacheMeta: {HaveNotifyEnabled: false},
  };
  return JSON.stringify(recordDocument.encode(document));
}

/** Throws when the text is no record. */
export function decodeRecord(content: string, host: HostConfig): ContainerRecord {
  const document = recordDocument.decode(JSON.parse(content), '');
  if (!/^[0-9a-f]{64}$/.test(document.ID)) throw new Error(`no container id: ${JSON.stringify(document.ID)}`);
  const {architecture, os, variant} = document.ImagePlatform;
  const found = document.ImageManifest;
  return {
    id: document.ID,
    created: timeOf(document.Created) ?? 0n,
    name: document.Name,
    path: document.Path,
    args: document.Args ?? [],
    config: document.Config,
    host,
    image: document.Image,
    imagePlatform: {os: os || 'linux', architecture, ...(variant ? {variant} : {})},
    imageManifest: found ? {mediaType: found.mediaType, digest: found.digest, size: found.size} : undefined,
    driver: document.Driver,
    state: stateFromDocument(document.State, document.HasBeenStartedBefore),
    health: document.State.Health ? healthFromDocument(document.State.Health) : undefined,
    network: document.NetworkSettings,
    mounts: document.MountPoints ?? {},
    restartCount: document.RestartCount,
    hasBeenStarted: document.HasBeenStartedBefore,
    manuallyStopped: document.HasBeenManuallyStopped,
    removing: document.State.RemovalInProgress,
    noNewPrivileges: document.NoNewPrivileges,
    appArmorProfile: document.AppArmorProfile,
    seccompProfile: document.SeccompProfile,
    files: {
      hostname: document.HostnamePath,
      hosts: document.HostsPath,
      resolvConf: document.ResolvConfPath,
      log: document.LogPath,
      shm: document.ShmPath,
    },
  };
}

function platformToDocument({imagePlatform: {os, architecture, variant = ''}}: ContainerRecord) {
  return {os, architecture, variant};
}

function stateToDocument({state, health, removing}: ContainerRecord): RecordDocument['State'] {
  const last = lastRunOf(state);
  const startedAt = startedAtOf(state);
  return {
    Running: hasProcess(state) || state.status === 'restarting',
    Paused: state.status === 'paused',
    Restarting: state.status === 'restarting',
    OOMKilled: hasProcess(state) ? state.oomKilled : (last?.oomKilled ?? false),
    RemovalInProgress: removing,
    Dead: state.status === 'dead',
    Pid: pidOf(state),
    ExitCode: exitCodeOf(state),
    Error: state.status === 'created' ? state.error : hasProcess(state) ? '' : (last?.error ?? ''),
    StartedAt: formatTime(startedAt),
    FinishedAt: formatTime(last?.finishedAt),
    Health: health ? healthToDocument(health) : null,
  };
}

function stateFromDocument(document: RecordDocument['State'], started: boolean): ContainerState {
  const startedAt = timeOf(document.StartedAt);
  const finishedAt = timeOf(document.FinishedAt);
  const last: LastRun | undefined =
    finishedAt === undefined && !(document.ExitCode && started)
      ? undefined
      : {
          exitCode: document.ExitCode,
          startedAt: startedAt ?? 0n,
          finishedAt: finishedAt ?? 0n,
          oomKilled: document.OOMKilled,
          error: document.Error,
        };
  const {Pid: pid, OOMKilled: oomKilled} = document;
  if (document.Dead) return {status: 'dead', last};
  if (document.Restarting && last) return {status: 'restarting', last};
  if (document.Running && startedAt !== undefined) {
    return {status: document.Paused ? 'paused' : 'running', pid, startedAt, previous: last, oomKilled};
  }
  return last ? {status: 'exited', last} : {status: 'created', exitCode: document.ExitCode, error: document.Error};
}

function healthToDocument(health: HealthRecord): NonNullable<RecordDocument['State']['Health']> {
  return {
    Status: health.status,
    FailingStreak: health.failingStreak,
    Log:
      health.log.length === 0
        ? null
        : health.log.map(({start, end, exitCode, output}) => ({
            Start: formatNano(start),
            End: formatNano(end),
            ExitCode: exitCode,
            Output: output,
          })),
  };
}

function healthFromDocument(document: NonNullable<RecordDocument['State']['Health']>): HealthRecord {
  return {
    status: document.Status as HealthStatus,
    failingStreak: document.FailingStreak,
    log: (document.Log ?? []).map(({Start, End, ExitCode, Output}) => ({
      start: timeOf(Start) ?? 0n,
      end: timeOf(End) ?? 0n,
      exitCode: ExitCode,
      output: Output,
    })),
  };
}

function formatTime(nano: bigint | undefined): string {
  return nano === undefined ? zeroTime : formatNano(nano);
}

function timeOf(text: string): bigint | undefined {
  return text === '' || text === zeroTime ? undefined : parseNano(text);
}
