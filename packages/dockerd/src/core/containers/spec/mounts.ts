/** The mount table of the spec. */
import type {Mount} from '@longshore/api/oci';
import {EngineError} from '@longshore/errdefs';

/** A bind of a host path: of a user, of a volume, or of one of the daemon's files. */
export interface BindMount {
  kind: 'bind';
  source: string;
  destination: string;
  readOnly: boolean;
  /** Read-only also for what is mounted below the source, where kernel and runtime can. */
  recursiveReadOnly: boolean;
  /** False binds the top mount alone. */
  recursive: boolean;
  /** `rprivate`, `rslave`, …; empty leaves it out, as Docker does for volumes. */
  propagation: string;
}

export interface TmpfsMount {
  kind: 'tmpfs';
  destination: string;
  /** As the user gave them: `size=1m`, `exec`. */
  options: string[];
}

export type UserMount = BindMount | TmpfsMount;

export interface MountTableOptions {
  privileged: boolean;
  writableCgroups: boolean;
  ipc: 'private' | 'none' | {shm: string};
  shmSize: number;
  /** Host path of docker-init, when it is wanted. */
  init: string | undefined;
  userMounts: readonly UserMount[];
  /** resolv.conf, hostname and hosts; the last to be mounted. */
  networkFiles: readonly BindMount[];
}

export const initDestination = '/sbin/docker-init';

/** All mounts in the order in which the runtime makes them. */
export function mountTable(options: MountTableOptions): Mount[] {
  const taken = new Set(options.userMounts.map(mount => mount.destination));
  const standard = standardMounts(options).filter(({destination}) => {
    if (taken.has(destination)) return false;
    return !(taken.has('/dev') && destination.startsWith('/dev/'));
  });
  const tmpfs = options.userMounts.filter(mount => mount.kind === 'tmpfs').map(tmpfsToOci);
  const binds = [...options.userMounts.filter(mount => mount.kind === 'bind'), ...sharedShm(options)];
  const bound = binds.map(bindToOci).sort((a, b) => (a.destination < b.destination ? -1 : 1));
  const files = options.networkFiles.filter(({destination}) => !taken.has(destination)).map(bindToOci);
  const init = options.init === undefined ? [] : [initMount(options.init)];
  return [...standard, ...init, ...sortByDepth([...tmpfs, ...bound, ...files])];
}

function standardMounts({privileged, writableCgroups, ipc, shmSize}: MountTableOptions): Mount[] {
  const protection = ['nosuid', 'noexec', 'nodev'];
  const device = ['nosuid', 'strictatime', 'mode=755', 'size=65536k'];
  const terminals = ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'];
  const shm = [...protection, 'mode=1777', `size=${shmSize}`];
  return [
    {destination: '/proc', type: 'proc', source: 'proc', options: protection},
    {destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: device},
    {destination: '/dev/pts', type: 'devpts', source: 'devpts', options: terminals},
    {destination: '/sys', type: 'sysfs', source: 'sysfs', options: privileged ? protection : [...protection, 'ro']},
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: privileged || writableCgroups ? protection : ['ro', ...protection],
    },
    {destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: protection},
    ...(ipc === 'private' ? [{destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: shm}] : []),
  ];
}

/** Host, shareable and joined IPC namespaces use a /dev/shm that is made outside of the container. */
function sharedShm({ipc, userMounts}: MountTableOptions): BindMount[] {
  if (typeof ipc === 'string' || userMounts.some(({destination}) => destination === '/dev/shm')) return [];
  return [
    {
      kind: 'bind',
      source: ipc.shm,
      destination: '/dev/shm',
      readOnly: false,
      recursiveReadOnly: false,
      recursive: true,
      propagation: 'rprivate',
    },
  ];
}

function initMount(source: string): Mount {
  return {destination: initDestination, type: 'bind', source, options: ['bind', 'ro']};
}

function bindToOci(mount: BindMount): Mount {
  const readOnly = mount.readOnly ? [mount.recursiveReadOnly ? 'rro' : 'ro'] : [];
  return {
    destination: mount.destination,
    type: 'bind',
    source: mount.source,
    options: [mount.recursive ? 'rbind' : 'bind', ...readOnly, ...(mount.propagation ? [mount.propagation] : [])],
  };
}

/** Docker's defaults first; an option of the user replaces its opposite. */
function tmpfsToOci({destination, options}: TmpfsMount): Mount {
  return {
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: mergeTmpfsOptions(['noexec', 'nosuid', 'nodev', 'rprivate', ...options]),
  };
}

/** Groups of flags of which the last one given counts. */
const flagGroups = [
  ['exec', 'noexec'],
  ['suid', 'nosuid'],
  ['dev', 'nodev'],
  ['ro', 'rw'],
  ['sync', 'async'],
  ['dirsync'],
  ['mand', 'nomand'],
  ['diratime', 'nodiratime'],
  ['atime', 'noatime', 'relatime', 'norelatime', 'strictatime', 'nostrictatime'],
  ['bind', 'rbind'],
  ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared', 'unbindable', 'runbindable'],
  ['remount'],
  ['defaults'],
];
const dataKeys = [
  'size',
  'mode',
  'uid',
  'gid',
  'nr_inodes',
  'nr_blocks',
  'mpol',
  'huge',
  'noswap',
  'inode32',
  'inode64',
];

/** Throws `invalid tmpfs option […]` for what tmpfs does not know. */
export function mergeTmpfsOptions(options: readonly string[]): string[] {
  const kept = new Map<string, string>();
  for (const option of options) {
    const group = flagGroups.find(each => each.includes(option));
    const key = option.split('=', 1)[0] as string;
    if (!group && !dataKeys.includes(key)) {
      throw new EngineError('unknown', `invalid tmpfs option [${JSON.stringify(option)}]`);
    }
    kept.set(group ? (group[0] as string) : key, option);
  }
  return [...kept.values()];
}

/** A mount may only come after those above it; the order is kept otherwise. */
function sortByDepth(mounts: Mount[]): Mount[] {
  const depth = ({destination}: Mount) => destination.split('/').filter(Boolean).length;
  return mounts.toSorted((a, b) => depth(a) - depth(b));
}
