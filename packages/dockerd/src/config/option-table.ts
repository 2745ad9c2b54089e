/** Every option of the daemon: its flag, its key in daemon.json, its kind and its default. */
import type {KindName} from './kinds.ts';
import {checkGatewayIp, checkHost, checkIp, checkLabel, checkMirror, checkSearchDomain} from './value-checks.ts';

export interface Option<K extends KindName = KindName> {
  /** Empty: only in daemon.json. */
  flag: string;
  short?: string;
  kind: K;
  /** Key in daemon.json where it is not the flag's name; undefined: not allowed there. */
  key?: string | undefined;
  /** The default where it is not empty, 0 or false. */
  value?: unknown;
  /** Shown in the help for the value. */
  placeholder?: string;
  /** Known, but any other value than the default is refused at start; a text says why. */
  unsupported?: true | string;
  /** Not in the help. */
  hidden?: true;
  /** Throws for a text, or an element of a list, that makes no sense. */
  check?(value: string): void;
  about: string;
}

const noSwarm = 'not supported: this daemon has no swarm';

function define<const T extends Record<string, Option>>(table: T): T {
  return table;
}

export const optionTable = define({
  runtimes: {
    flag: 'add-runtime',
    kind: 'runtimes',
    key: 'runtimes',
    about: 'Register an additional OCI compatible runtime',
  },
  allowDirectRouting: {
    flag: 'allow-direct-routing',
    kind: 'bool',
    about: 'Allow remote access to published ports on container IP addresses',
  },
  corsHeader: {
    flag: 'api-cors-header',
    kind: 'text',
    hidden: true,
    about: 'Set CORS headers in the Engine API',
  },
  authorizationPlugins: {
    flag: 'authorization-plugin',
    kind: 'list',
    key: 'authorization-plugins',
    about: 'Authorization plugins to load',
  },
  builder: {flag: '', kind: 'builder', key: 'builder', about: 'Settings of the builder'},
  bip: {flag: 'bip', kind: 'text', about: 'IPv4 address for the default bridge'},
  bip6: {flag: 'bip6', kind: 'text', about: 'IPv6 address for the default bridge'},
  bridge: {flag: 'bridge', short: 'b', kind: 'text', about: 'Attach containers to a network bridge'},
  cdiSpecDirs: {
    flag: 'cdi-spec-dir',
    kind: 'list',
    key: 'cdi-spec-dirs',
    value: ['/etc/cdi', '/var/run/cdi'],
    about: 'CDI specification directories to use',
  },
  cgroupParent: {flag: 'cgroup-parent', kind: 'text', about: 'Set parent cgroup for all containers'},
  configFile: {
    flag: 'config-file',
    kind: 'text',
    key: undefined,
    value: '/etc/docker/daemon.json',
    about: 'Daemon configuration file',
  },
  containerdAddress: {flag: 'containerd', kind: 'text', about: 'containerd grpc address'},
  containerdNamespace: {
    flag: 'containerd-namespace',
    kind: 'text',
    value: 'moby',
    about: 'Containerd namespace to use',
  },
  containerdPluginsNamespace: {
    flag: 'containerd-plugins-namespace',
    kind: 'text',
    key: 'containerd-plugin-namespace',
    value: 'plugins.moby',
    about: 'Containerd namespace to use for plugins',
  },
  cpuRtPeriod: {
    flag: 'cpu-rt-period',
    kind: 'int',
    about:
      'Limit the CPU real-time period in microseconds for the parent cgroup for all containers (not supported with cgroups v2)',
  },
  cpuRtRuntime: {
    flag: 'cpu-rt-runtime',
    kind: 'int',
    about:
      'Limit the CPU real-time runtime in microseconds for the parent cgroup for all containers (not supported with cgroups v2)',
  },
  criContainerd: {
    flag: 'cri-containerd',
    kind: 'bool',
    unsupported: 'not supported: the containerd of this engine has no CRI',
    about: 'start containerd with cri',
  },
  dataRoot: {
    flag: 'data-root',
    kind: 'text',
    value: '/var/lib/docker',
    about: 'Root directory of persistent Docker state',
  },
  debug: {flag: 'debug', short: 'D', kind: 'bool', about: 'Enable debug mode'},
  defaultAddressPools: {
    flag: 'default-address-pool',
    kind: 'addressPools',
    key: 'default-address-pools',
    about: 'Default address pools for node specific local networks',
  },
  defaultCgroupnsMode: {
    flag: 'default-cgroupns-mode',
    kind: 'text',
    about: 'Default mode for containers cgroup namespace ("host" | "private")',
  },
  defaultGateway: {
    flag: 'default-gateway',
    kind: 'text',
    placeholder: 'ip',
    about: 'Default gateway IPv4 address for the default bridge network',
    check: checkIp,
  },
  defaultGatewayV6: {
    flag: 'default-gateway-v6',
    kind: 'text',
    placeholder: 'ip',
    check: checkIp,
    about: 'Default gateway IPv6 address for the default bridge network',
  },
  defaultIpcMode: {
    flag: 'default-ipc-mode',
    kind: 'text',
    value: 'private',
    about: 'Default mode for containers ipc ("shareable" | "private")',
  },
  defaultNetworkOptions: {
    flag: 'default-network-opt',
    kind: 'networkOptions',
    key: 'default-network-opts',
    about: 'Default network options',
  },
  defaultRuntime: {flag: 'default-runtime', kind: 'text', value: 'runc', about: 'Default OCI runtime for containers'},
  defaultShmSize: {
    flag: 'default-shm-size',
    kind: 'bytes',
    value: 64 * 1024 * 1024,
    about: 'Default shm size for containers',
  },
  defaultUlimits: {
    flag: 'default-ulimit',
    kind: 'ulimits',
    key: 'default-ulimits',
    about: 'Default ulimits for containers',
  },
  dns: {flag: 'dns', kind: 'addresses', about: 'DNS server to use'},
  dnsOptions: {flag: 'dns-opt', kind: 'list', key: 'dns-opts', about: 'DNS options to use'},
  dnsSearch: {flag: 'dns-search', kind: 'list', about: 'DNS search domains to use', check: checkSearchDomain},
  execOptions: {flag: 'exec-opt', kind: 'list', key: 'exec-opts', about: 'Runtime execution options'},
  execRoot: {
    flag: 'exec-root',
    kind: 'text',
    value: '/var/run/docker',
    about: 'Root directory for execution state files',
  },
  experimental: {flag: 'experimental', kind: 'bool', about: 'Enable experimental features'},
  features: {flag: 'feature', kind: 'features', key: 'features', about: 'Enable feature in the daemon'},
  fixedCidr: {flag: 'fixed-cidr', kind: 'text', about: 'IPv4 subnet for the default bridge network'},
  fixedCidrV6: {
    flag: 'fixed-cidr-v6',
    kind: 'text',
    about: 'IPv6 subnet for the default bridge network',
  },
  group: {flag: 'group', short: 'G', kind: 'text', value: 'docker', about: 'Group for the unix socket'},
  help: {flag: 'help', kind: 'bool', key: undefined, about: 'Print usage'},
  hosts: {
    flag: 'host',
    short: 'H',
    kind: 'list',
    key: 'hosts',
    about: 'Daemon socket(s) to connect to',
    check: checkHost,
  },
  hostGatewayIps: {
    flag: 'host-gateway-ip',
    kind: 'list',
    key: 'host-gateway-ips',
    about:
      "IP addresses that the special 'host-gateway' string in --add-host resolves to. Defaults to the IP addresses of the default bridge",
    check: checkGatewayIp,
  },
  httpProxy: {flag: 'http-proxy', kind: 'text', about: 'HTTP proxy URL to use for outgoing traffic'},
  httpsProxy: {
    flag: 'https-proxy',
    kind: 'text',
    about: 'HTTPS proxy URL to use for outgoing traffic',
  },
  icc: {
    flag: 'icc',
    kind: 'bool',
    value: true,
    about: 'Enable inter-container communication for the default bridge network',
  },
  init: {flag: 'init', kind: 'bool', about: 'Run an init in the container to forward signals and reap processes'},
  initPath: {flag: 'init-path', kind: 'text', about: 'Path to the docker-init binary'},
  insecureRegistries: {
    flag: 'insecure-registry',
    kind: 'list',
    key: 'insecure-registries',
    about: 'Enable insecure registry communication',
  },
  hostIp: {
    flag: 'ip',
    kind: 'text',
    value: '0.0.0.0',
    placeholder: 'ip',
    about: 'Host IP for port publishing from the default bridge network',
    check: checkIp,
  },
  ipForward: {flag: 'ip-forward', kind: 'bool', value: true, about: 'Enable IP forwarding in system configuration'},
  ipForwardNoDrop: {
    flag: 'ip-forward-no-drop',
    kind: 'bool',
    about: 'Do not set the filter-FORWARD policy to DROP when enabling IP forwarding',
  },
  ipMasq: {flag: 'ip-masq', kind: 'bool', value: true, about: 'Enable IP masquerading for the default bridge network'},
  ip6tables: {flag: 'ip6tables', kind: 'bool', value: true, about: 'Enable addition of ip6tables rules'},
  iptables: {flag: 'iptables', kind: 'bool', value: true, about: 'Enable addition of iptables rules'},
  ipv6: {flag: 'ipv6', kind: 'bool', about: 'Enable IPv6 networking for the default bridge network'},
  labels: {flag: 'label', kind: 'list', key: 'labels', about: 'Set key=value labels to the daemon', check: checkLabel},
  liveRestore: {
    flag: 'live-restore',
    kind: 'bool',
    about: 'Enable live restore of docker when containers are still running',
  },
  logDriver: {flag: 'log-driver', kind: 'text', value: 'json-file', about: 'Default driver for container logs'},
  logFormat: {flag: 'log-format', kind: 'text', value: 'text', about: 'Set the logging format ("text"|"json")'},
  logLevel: {
    flag: 'log-level',
    short: 'l',
    kind: 'text',
    value: 'info',
    about: 'Set the logging level ("debug"|"info"|"warn"|"error"|"fatal")',
  },
  logOptions: {flag: 'log-opt', kind: 'map', key: 'log-opts', about: 'Default log driver options for containers'},
  maxConcurrentDownloads: {
    flag: 'max-concurrent-downloads',
    kind: 'int',
    value: 3,
    about: 'Set the max concurrent downloads',
  },
  maxConcurrentUploads: {
    flag: 'max-concurrent-uploads',
    kind: 'int',
    value: 5,
    about: 'Set the max concurrent uploads',
  },
  maxDownloadAttempts: {
    flag: 'max-download-attempts',
    kind: 'int',
    value: 5,
    about: 'Set the max download attempts for each pull',
  },
  metricsAddr: {
    flag: 'metrics-addr',
    kind: 'text',
    about: 'Set default address and port to serve the metrics api on',
  },
  mtu: {flag: 'mtu', kind: 'int', value: 1500, about: 'Set the MTU for the default "bridge" network'},
  networkControlPlaneMtu: {
    flag: 'network-control-plane-mtu',
    kind: 'int',
    value: 1500,
    unsupported: noSwarm,
    about: 'Network Control plane MTU',
  },
  noNewPrivileges: {
    flag: 'no-new-privileges',
    kind: 'bool',
    about: 'Set no-new-privileges by default for new containers',
  },
  noProxy: {
    flag: 'no-proxy',
    kind: 'text',
    about: 'Comma-separated list of hosts or IP addresses for which the proxy is skipped',
  },
  nodeGenericResources: {
    flag: 'node-generic-resource',
    kind: 'list',
    key: 'node-generic-resources',
    about: 'Advertise user-defined resource',
  },
  pidFile: {
    flag: 'pidfile',
    short: 'p',
    kind: 'text',
    value: '/var/run/docker.pid',
    about: 'Path to use for daemon PID file',
  },
  rawLogs: {flag: 'raw-logs', kind: 'bool', about: 'Full timestamps without ANSI coloring'},
  registryMirrors: {
    flag: 'registry-mirror',
    kind: 'list',
    key: 'registry-mirrors',
    about: 'Preferred Docker registry mirror',
    check: checkMirror,
  },
  rootless: {
    flag: 'rootless',
    kind: 'bool',
    key: undefined,
    about: 'Enable rootless mode; typically used with RootlessKit',
  },
  seccompProfile: {
    flag: 'seccomp-profile',
    kind: 'text',
    value: 'builtin',
    about: 'Path to seccomp profile. Set to "unconfined" to disable the default seccomp profile',
  },
  selinuxEnabled: {flag: 'selinux-enabled', kind: 'bool', about: 'Enable selinux support'},
  shutdownTimeout: {flag: 'shutdown-timeout', kind: 'int', value: 15, about: 'Set the default shutdown timeout'},
  storageDriver: {flag: 'storage-driver', short: 's', kind: 'text', about: 'Storage driver to use'},
  storageOptions: {
    flag: 'storage-opt',
    kind: 'list',
    key: 'storage-opts',
    about: 'Storage driver options',
  },
  swarmDefaultAdvertiseAddr: {
    flag: 'swarm-default-advertise-addr',
    kind: 'text',
    unsupported: noSwarm,
    about: 'Set default address or interface for swarm advertised address',
  },
  tls: {flag: 'tls', kind: 'choice', about: 'Use TLS; implied by --tlsverify'},
  tlsCaCert: {flag: 'tlscacert', kind: 'text', about: 'Trust certs signed only by this CA'},
  tlsCert: {flag: 'tlscert', kind: 'text', about: 'Path to TLS certificate file'},
  tlsKey: {flag: 'tlskey', kind: 'text', about: 'Path to TLS key file'},
  tlsVerify: {flag: 'tlsverify', kind: 'choice', about: 'Use TLS and verify the remote'},
  userlandProxy: {flag: 'userland-proxy', kind: 'bool', value: true, about: 'Use userland proxy for loopback traffic'},
  userlandProxyPath: {flag: 'userland-proxy-path', kind: 'text', about: 'Path to the userland proxy binary'},
  usernsRemap: {flag: 'userns-remap', kind: 'text', about: 'User/Group setting for user namespaces'},
  validate: {flag: 'validate', kind: 'bool', key: undefined, about: 'Validate daemon configuration and exit'},
  version: {flag: 'version', short: 'v', kind: 'bool', key: undefined, about: 'Print version information and quit'},
});

export type OptionName = keyof typeof optionTable;
