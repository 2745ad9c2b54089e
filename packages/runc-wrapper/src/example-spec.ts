/** The bundle configurations that `spec` writes. */
import type {Mount, Spec} from '@longshore/api/oci';
import {ociRuntimeSpecVersion} from '@longshore/base';

const capabilities = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'];

/** A shell on a terminal, read-only root filesystem, no network but the loopback. */
export function exampleSpec(): Spec {
  return {
    ociVersion: ociRuntimeSpecVersion,
    process: {
      terminal: true,
      user: {uid: 0, gid: 0},
      args: ['sh'],
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm'],
      cwd: '/',
      capabilities: {bounding: capabilities, effective: capabilities, permitted: capabilities},
      rlimits: [{type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024}],
      noNewPrivileges: true,
    },
    root: {path: 'rootfs', readonly: true},
    hostname: 'runc',
    mounts: exampleMounts(['gid=5'], {destination: '/sys', type: 'sysfs', source: 'sysfs', options: sysOptions}),
    linux: {
      resources: {devices: [{allow: false, access: 'rwm'}]},
      namespaces: [{type: 'pid'}, {type: 'network'}, {type: 'ipc'}, {type: 'uts'}, {type: 'mount'}],
      maskedPaths: [
        '/proc/acpi',
        '/proc/asound',
        '/proc/kcore',
        '/proc/keys',
        '/proc/latency_stats',
        '/proc/timer_list',
        '/proc/timer_stats',
        '/proc/sched_debug',
        '/sys/firmware',
        '/proc/scsi',
      ],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

/**
 * The same for an ordinary user: mapped to root in a user namespace, with the host's network, whose /sys can only be
 * bound then, and without limits, for which such a user has no cgroup.
 */
export function rootlessSpec(uid: number, gid: number): Spec {
  const spec = exampleSpec();
  const {maskedPaths, readonlyPaths} = spec.linux!;
  spec.mounts = exampleMounts([], {
    destination: '/sys',
    type: 'none',
    source: '/sys',
    options: ['rbind', ...sysOptions],
  });
  spec.linux = {
    uidMappings: [{containerID: 0, hostID: uid, size: 1}],
    gidMappings: [{containerID: 0, hostID: gid, size: 1}],
    namespaces: [{type: 'pid'}, {type: 'ipc'}, {type: 'uts'}, {type: 'mount'}, {type: 'user'}],
    ...(maskedPaths ? {maskedPaths} : {}),
    ...(readonlyPaths ? {readonlyPaths} : {}),
  };
  return spec;
}

const hardened = ['nosuid', 'noexec', 'nodev'];
const sysOptions = [...hardened, 'ro'];

function exampleMounts(ptsOptions: readonly string[], sys: Mount): Mount[] {
  return [
    {destination: '/proc', type: 'proc', source: 'proc'},
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', ...ptsOptions],
    },
    {destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...hardened, 'mode=1777', 'size=65536k']},
    {destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: [...hardened]},
    sys,
    {destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...hardened, 'relatime', 'ro']},
  ];
}
