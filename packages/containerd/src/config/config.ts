/** The configuration of the daemon: parsed once, then frozen. */
import type {LogFormat, LogLevel} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {SharingPolicy} from '../core/content/content.ts';
import type {SchedulerConfig} from '../core/gc/scheduler.ts';
import type {TransferConfig} from '../core/transfer/transfers.ts';
import type {Table} from './check.ts';
import {parseDuration} from './duration.ts';
import {type ProxyConfig, proxiesOf} from './proxies.ts';
import type {timeoutKeys} from './schema.ts';

export interface SocketConfig {
  readonly address: string;
  readonly uid: number;
  readonly gid: number;
}

export interface Config {
  /** Persistent directory. */
  readonly root: string;
  /** Runtime directory, on tmpfs. */
  readonly state: string;
  readonly disabledPlugins: readonly string[];
  readonly requiredPlugins: readonly string[];
  /** oom_score_adj of the daemon; 0 leaves it. */
  readonly oomScore: number;
  /** Sizes in bytes. */
  readonly grpc: SocketConfig & {readonly maxReceive: number; readonly maxSend: number};
  /** A second gRPC socket; an empty address for none. Paths of PEM files; without a certificate it is not encrypted. */
  readonly tcp: {readonly address: string; readonly ca: string; readonly cert: string; readonly key: string};
  /** An empty address stands for the gRPC one with `.ttrpc`. */
  readonly ttrpc: SocketConfig;
  /** Without an address there is no debug socket. */
  readonly debug: SocketConfig & {readonly level: LogLevel; readonly format: LogFormat};
  /** Prometheus' page; an empty address for none. */
  readonly metrics: {readonly address: string; readonly histogram: boolean; readonly containers: boolean};
  /** Directory for temporary files; empty for the machine's. */
  readonly temp: string;
  /** Cgroup that the daemon moves itself to; empty to stay. */
  readonly cgroup: string;
  /** Milliseconds. */
  readonly timeouts: {readonly [Key in (typeof timeoutKeys)[number]]: number};
  readonly collector: SchedulerConfig;
  readonly contentSharing: SharingPolicy;
  /** Further variables for shims, `KEY=VALUE`. */
  readonly shimEnvironment: readonly string[];
  readonly overlayfs: {
    readonly root: string;
    readonly mountOptions: readonly string[];
    /** Deletes directories before the call that removes them returns. */
    readonly syncRemove: boolean;
    /** Tells the upper directory by a label of the snapshot. */
    readonly upperdirLabel: boolean;
  };
  /** Layers are flushed to disk before they count as unpacked. */
  readonly syncLayers: boolean;
  readonly native: {readonly root: string};
  readonly btrfs: {readonly root: string};
  readonly proxies: readonly ProxyConfig[];
  /** Names of the differs in the order in which they are asked. */
  readonly differs: readonly string[];
  readonly transfer: TransferConfig;
}

const mebibyte16 = 16 << 20;

/** The defaults as a file of version 3 would say them: the bottom layer under files and flags. */
export const defaults: Table = {
  version: 3,
  root: '/var/lib/containerd',
  state: '/run/containerd',
  temp: '',
  disabled_plugins: [],
  required_plugins: [],
  oom_score: 0,
  imports: [],
  grpc: {
    address: '/run/containerd/containerd.sock',
    tcp_address: '',
    tcp_tls_ca: '',
    tcp_tls_cert: '',
    tcp_tls_key: '',
    uid: 0,
    gid: 0,
    max_recv_message_size: mebibyte16,
    max_send_message_size: mebibyte16,
  },
  ttrpc: {address: '', uid: 0, gid: 0},
  debug: {address: '', uid: 0, gid: 0, level: '', format: ''},
  metrics: {address: '', grpc_histogram: false},
  plugins: {
    'io.containerd.gc.v1.scheduler': {
      pause_threshold: 0.02,
      deletion_threshold: 0,
      mutation_threshold: 100,
      schedule_delay: '0s',
      startup_delay: '100ms',
    },
    'io.containerd.metadata.v1.bolt': {content_sharing_policy: 'shared', no_sync: false},
    'io.containerd.monitor.task.v1.cgroups': {no_prometheus: false},
    'io.containerd.runtime.v2.task': {platforms: ['linux/amd64']},
    'io.containerd.service.v1.diff-service': {default: ['walking'], sync_fs: false},
    'io.containerd.service.v1.tasks-service': {blockio_config_file: '', rdt_config_file: ''},
    'io.containerd.shim.v1.manager': {env: []},
    'io.containerd.snapshotter.v1.btrfs': {root_path: ''},
    'io.containerd.snapshotter.v1.native': {root_path: ''},
    'io.containerd.snapshotter.v1.overlayfs': {
      root_path: '',
      upperdir_label: false,
      sync_remove: false,
      slow_chown: false,
      mount_options: [],
    },
    'io.containerd.transfer.v1.local': {
      max_concurrent_downloads: 3,
      concurrent_layer_fetch_buffer: 0,
      max_concurrent_uploaded_layers: 3,
      check_platform_supported: false,
      config_path: '',
    },
  },
  cgroup: {path: ''},
  timeouts: {
    'io.containerd.timeout.bolt.open': '0s',
    'io.containerd.timeout.cri.defercleanup': '1m0s',
    'io.containerd.timeout.metrics.shimstats': '2s',
    'io.containerd.timeout.shim.cleanup': '5s',
    'io.containerd.timeout.shim.load': '5s',
    'io.containerd.timeout.shim.shutdown': '3s',
    'io.containerd.timeout.task.state': '2s',
  },
  proxy_plugins: {},
  stream_processors: {},
};

/** A checked table, with all defaults in it, as the daemon's configuration. */
export function toConfig(table: Table): Config {
  const [grpc, ttrpc, debug] = [table.grpc as Table, table.ttrpc as Table, table.debug as Table];
  const plugin = (id: string) => (table.plugins as {[id: string]: Table})[id] as Table;
  const overlayfs = plugin('io.containerd.snapshotter.v1.overlayfs');
  const timeouts = Object.entries(table.timeouts as {[key: string]: string});
  const address = grpc.address as string;
  return Object.freeze({
    root: table.root as string,
    state: table.state as string,
    disabledPlugins: table.disabled_plugins as string[],
    requiredPlugins: table.required_plugins as string[],
    oomScore: table.oom_score as number,
    grpc: {
      ...socketOf(grpc, address),
      maxReceive: (grpc.max_recv_message_size as number) || mebibyte16,
      maxSend: (grpc.max_send_message_size as number) || mebibyte16,
    },
    // As the original: the ttrpc socket has the gRPC socket's owner unless it is told another address.
    ttrpc: ttrpc.address ? socketOf(ttrpc, ttrpc.address as string) : socketOf(grpc, `${address}.ttrpc`),
    tcp: tcpOf(grpc),
    metrics: {
      address: (table.metrics as Table).address as string,
      histogram: (table.metrics as Table).grpc_histogram as boolean,
      containers: plugin('io.containerd.monitor.task.v1.cgroups').no_prometheus !== true,
    },
    temp: table.temp as string,
    cgroup: (table.cgroup as Table).path as string,
    debug: {
      ...socketOf(debug, debug.address as string),
      level: levelOf(debug.level as string),
      format: debug.format === 'json' ? 'json' : 'text',
    },
    timeouts: Object.fromEntries(timeouts.map(([key, text]) => [key, milliseconds(text)])) as Config['timeouts'],
    collector: collectorOf(plugin('io.containerd.gc.v1.scheduler')),
    contentSharing: plugin('io.containerd.metadata.v1.bolt').content_sharing_policy as SharingPolicy,
    shimEnvironment: plugin('io.containerd.shim.v1.manager').env as string[],
    overlayfs: {
      root: overlayfs.root_path as string,
      mountOptions: overlayfs.mount_options as string[],
      syncRemove: overlayfs.sync_remove as boolean,
      upperdirLabel: overlayfs.upperdir_label as boolean,
    },
    syncLayers: plugin('io.containerd.service.v1.diff-service').sync_fs as boolean,
    native: {root: plugin('io.containerd.snapshotter.v1.native').root_path as string},
    btrfs: {root: plugin('io.containerd.snapshotter.v1.btrfs').root_path as string},
    proxies: proxiesOf(table.proxy_plugins as Table, table.disabled_plugins as string[]),
    differs: plugin('io.containerd.service.v1.diff-service').default as string[],
    transfer: transferOf(plugin('io.containerd.transfer.v1.local')),
  } satisfies Config);
}

/** Throws invalid-argument for half of a key pair. */
function tcpOf(grpc: Table): Config['tcp'] {
  const tcp = {
    address: grpc.tcp_address as string,
    ca: grpc.tcp_tls_ca as string,
    cert: grpc.tcp_tls_cert as string,
    key: grpc.tcp_tls_key as string,
  };
  if ((tcp.cert === '') !== (tcp.key === '')) {
    throw new EngineError('invalid-argument', 'grpc.tcp_tls_cert and grpc.tcp_tls_key belong together');
  }
  if (tcp.ca !== '' && tcp.cert === '') {
    throw new EngineError('invalid-argument', 'grpc.tcp_tls_ca needs grpc.tcp_tls_cert and grpc.tcp_tls_key');
  }
  return tcp;
}

function socketOf({uid, gid}: Table, address: string): SocketConfig {
  return {address, uid: uid as number, gid: gid as number};
}

function levelOf(level: string): LogLevel {
  if (level === '') return 'info';
  if (level === 'warning') return 'warn';
  return level === 'panic' ? 'fatal' : (level as LogLevel);
}

function collectorOf(table: Table): SchedulerConfig {
  // Half of the time is what the original cuts the threshold to: above it a collection would follow the other.
  const pauseThreshold = Math.min(0.5, Math.max(0.0001, table.pause_threshold as number));
  return {
    pauseThreshold,
    deletionThreshold: table.deletion_threshold as number,
    mutationThreshold: table.mutation_threshold as number,
    scheduleDelayMs: milliseconds(table.schedule_delay as string),
    startupDelayMs: milliseconds(table.startup_delay as string),
  };
}

function transferOf(table: Table): TransferConfig {
  return {
    maxDownloads: table.max_concurrent_downloads as number,
    maxUploads: table.max_concurrent_uploaded_layers as number,
    hostsDir: table.config_path as string,
  };
}

function milliseconds(text: string): number {
  return parseDuration(text) ?? 0;
}
