/** Flags of `run` and `create` about the host: isolation, mounts, network, logs. */
import {type FlagSpecs, flag, since} from '../command/flags.ts';
import {checkAddHost, checkDeviceRule, checkDnsSearch, checkIp, checkLink} from './flag-values.ts';
import {gpuFlag} from './gpus.ts';
import {mountFlag} from './mounts.ts';
import {networkFlag} from './networks.ts';
import {sysctlFlag} from './sysctls.ts';

const cgroupnsUsage =
  "Cgroup namespace to use (host|private)\n'host':    Run the container in the Docker host's cgroup namespace\n" +
  "'private': Run the container in its own private cgroup namespace\n" +
  "'':        Use the cgroup namespace as configured by the\n" +
  '           default-cgroupns-mode option on the daemon (default)';

export const isolationFlags = {
  'cap-add': flag.list('Add Linux capabilities'),
  'cap-drop': flag.list('Drop Linux capabilities'),
  'cgroup-parent': flag.string('Optional parent cgroup for the container'),
  cgroupns: since('1.41', flag.string(cgroupnsUsage)),
  device: flag.list('Add a host device to the container'),
  'device-cgroup-rule': flag.list('Add a rule to the cgroup allowed devices list', {check: checkDeviceRule}),
  gpus: since('1.40', gpuFlag),
  'group-add': flag.list('Add additional groups to join'),
  ipc: flag.string('IPC mode to use'),
  isolation: flag.string('Container isolation technology'),
  pid: flag.string('PID namespace to use'),
  privileged: flag.bool('Give extended privileges to this container'),
  runtime: flag.string('Runtime to use for this container'),
  'security-opt': flag.list('Security Options'),
  sysctl: sysctlFlag,
  userns: flag.string('User namespace to use'),
  uts: flag.string('UTS namespace to use'),
} satisfies FlagSpecs;

export const storageFlags = {
  'log-driver': flag.string('Logging driver for the container'),
  'log-opt': flag.list('Log driver options'),
  mount: mountFlag,
  'read-only': flag.bool("Mount the container's root filesystem as read only"),
  'storage-opt': flag.list('Storage driver options for the container'),
  tmpfs: flag.list('Mount a tmpfs directory'),
  'use-api-socket': flag.bool('Bind mount Docker API socket and required auth'),
  volume: flag.list('Bind mount a volume', {char: 'v'}),
  'volume-driver': flag.string('Optional volume driver for the container'),
  'volumes-from': flag.list('Mount volumes from the specified container(s)'),
} satisfies FlagSpecs;

export const networkFlags = {
  'add-host': flag.list('Add a custom host-to-IP mapping (host:ip)', {check: checkAddHost}),
  dns: flag.list('Set custom DNS servers', {check: checkIp}),
  'dns-option': flag.list('Set DNS options', {aliases: ['dns-opt']}),
  'dns-search': flag.list('Set custom DNS search domains', {check: checkDnsSearch}),
  expose: flag.list('Expose a port or a range of ports'),
  ip: flag.string('IPv4 address (e.g., 172.30.100.104)'),
  ip6: flag.string('IPv6 address (e.g., 2001:db8::33)'),
  link: flag.list('Add link to another container', {check: checkLink}),
  'link-local-ip': flag.list('Container IPv4/IPv6 link-local addresses'),
  'mac-address': since('1.44', flag.string('Container MAC address (e.g., 92:d0:c6:0a:29:33)')),
  network: networkFlag,
  'network-alias': flag.list('Add network-scoped alias for the container', {aliases: ['net-alias']}),
  publish: flag.list("Publish a container's port(s) to the host", {char: 'p'}),
  'publish-all': flag.bool('Publish all exposed ports to random ports', {char: 'P'}),
} satisfies FlagSpecs;
