/** Which keys a configuration may have, and what each is good for here. */
import {parseDuration} from './duration.ts';

/** Checks one value; returns what is wrong with it. */
export type Check = (value: unknown) => string | undefined;

export type Schema =
  | {kind: 'value'; check: Check}
  | {kind: 'table'; fields: {readonly [key: string]: Schema}; required?: readonly string[]}
  /** Keys are the user's to choose. */
  | {kind: 'map'; of: Schema}
  /** A part of the original that is not part of this daemon: its settings have no effect and are not looked at. */
  | {kind: 'ignored'};

const value = (check: Check): Schema => ({kind: 'value', check});
const table = (fields: {readonly [key: string]: Schema}, required: readonly string[] = []): Schema => ({
  kind: 'table',
  fields,
  required,
});
const must = (isRight: (value: unknown) => boolean, what: string) =>
  value(given => (isRight(given) ? undefined : `must be ${what}`));

const string = must(given => typeof given === 'string', 'a string');
const integer = must(given => Number.isInteger(given), 'an integer');
const number = must(given => typeof given === 'number', 'a number');
const boolean = must(given => typeof given === 'boolean', 'true or false');
const isStrings = (given: unknown): given is string[] =>
  Array.isArray(given) && given.every(item => typeof item === 'string');
const strings = must(isStrings, 'a list of strings');
const duration = must(
  given => typeof given === 'string' && parseDuration(given) !== undefined,
  'a duration such as "5s"',
);
const ignored: Schema = {kind: 'ignored'};

function oneOf(...choices: (string | number)[]): Schema {
  return must(given => choices.includes(given as string), `one of ${choices.map(String).join(', ')}`);
}

/** Known, but only in its default: any other value would promise what does not happen. */
function only(...accepted: unknown[]): Schema {
  const shown = accepted.map(choice => JSON.stringify(choice));
  return value(given =>
    shown.includes(JSON.stringify(given)) ? undefined : `is not supported here other than as ${shown[0]}`,
  );
}

const tcpAddress = must(
  given => typeof given === 'string' && /^$|^(\[[^\]]*\]|[^:]*):[0-9]{1,5}$/.test(given),
  'host:port',
);
const levels = oneOf('', 'trace', 'debug', 'info', 'warn', 'warning', 'error', 'fatal', 'panic');
const socket = {address: string, uid: integer, gid: integer};

/** Plugins of the original, of 1.6 or 2.x, that this daemon does not have. */
const absentPlugins = [
  ...[
    'io.containerd.cri.v1.images',
    'io.containerd.cri.v1.runtime',
    'io.containerd.grpc.v1.cri',
    'io.containerd.nri.v1.nri',
  ],
  ...['io.containerd.differ.v1.erofs', 'io.containerd.image-verifier.v1.bindir', 'io.containerd.internal.v1.opt'],
  ...[
    'io.containerd.internal.v1.restart',
    'io.containerd.monitor.container.v1.restart',
    'io.containerd.internal.v1.tracing',
  ],
  'io.containerd.runtime.v1.linux',
  'io.containerd.tracing.processor.v1.otlp',
  ...['aufs', 'blockfile', 'devmapper', 'erofs', 'zfs'].map(name => `io.containerd.snapshotter.v1.${name}`),
];

export const plugins: {readonly [id: string]: Schema} = {
  'io.containerd.gc.v1.scheduler': table({
    pause_threshold: number,
    deletion_threshold: integer,
    mutation_threshold: integer,
    schedule_delay: duration,
    startup_delay: duration,
  }),
  'io.containerd.metadata.v1.bolt': table({content_sharing_policy: oneOf('shared', 'isolated'), no_sync: only(false)}),
  'io.containerd.runtime.v2.task': table({platforms: strings, sched_core: boolean}),
  'io.containerd.shim.v1.manager': table({env: strings}),
  'io.containerd.service.v1.diff-service': table({default: strings, sync_fs: boolean}),
  'io.containerd.service.v1.tasks-service': table({blockio_config_file: only(''), rdt_config_file: only('')}),
  'io.containerd.snapshotter.v1.btrfs': table({root_path: string}),
  'io.containerd.snapshotter.v1.native': table({root_path: string}),
  'io.containerd.snapshotter.v1.overlayfs': table({
    root_path: string,
    upperdir_label: boolean,
    sync_remove: boolean,
    slow_chown: boolean,
    mount_options: strings,
  }),
  'io.containerd.transfer.v1.local': table({
    max_concurrent_downloads: integer,
    concurrent_layer_fetch_buffer: only(0),
    max_concurrent_uploaded_layers: integer,
    check_platform_supported: only(false),
    config_path: string,
    unpack_config: ignored,
  }),
  'io.containerd.monitor.v1.cgroups': table({no_prometheus: boolean}),
  'io.containerd.monitor.task.v1.cgroups': table({no_prometheus: boolean}),
  ...Object.fromEntries(absentPlugins.map(id => [id, ignored])),
};

export const timeoutKeys = [
  'io.containerd.timeout.bolt.open',
  'io.containerd.timeout.cri.defercleanup',
  'io.containerd.timeout.metrics.shimstats',
  'io.containerd.timeout.shim.cleanup',
  'io.containerd.timeout.shim.load',
  'io.containerd.timeout.shim.shutdown',
  'io.containerd.timeout.task.state',
] as const;

export const schema = table({
  version: oneOf(1, 2, 3),
  root: string,
  state: string,
  temp: string,
  plugin_dir: only(''),
  disabled_plugins: strings,
  required_plugins: strings,
  oom_score: integer,
  imports: strings,
  grpc: table({
    ...socket,
    tcp_address: tcpAddress,
    tcp_tls_ca: string,
    tcp_tls_cert: string,
    tcp_tls_key: string,
    max_recv_message_size: integer,
    max_send_message_size: integer,
  }),
  ttrpc: table(socket),
  debug: table({...socket, level: levels, format: oneOf('', 'text', 'json')}),
  metrics: table({address: tcpAddress, grpc_histogram: boolean}),
  cgroup: table({path: string}),
  plugins: table(plugins),
  proxy_plugins: {
    kind: 'map',
    of: table(
      {
        type: oneOf('snapshot', 'content', 'diff', 'sandbox'),
        address: must(given => typeof given === 'string' && given !== '', 'the path of a socket'),
        platform: string,
        exports: {kind: 'map', of: string},
        capabilities: strings,
      },
      ['type', 'address'],
    ),
  },
  timeouts: table(Object.fromEntries(timeoutKeys.map(key => [key, duration]))),
  stream_processors: {kind: 'map', of: ignored},
});
