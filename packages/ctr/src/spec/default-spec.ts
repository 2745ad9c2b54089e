/** The OCI specification that ctr starts from, as `ctr oci spec` of containerd 2.1 prints it. */
import type {Mount, Spec} from '@longshore/api/oci';
import {ociRuntimeSpecVersion} from '@longshore/base';

export const defaultCapabilities = [
  ...[
    'CAP_CHOWN',
    'CAP_DAC_OVERRIDE',
    'CAP_FSETID',
    'CAP_FOWNER',
    'CAP_MKNOD',
    'CAP_NET_RAW',
    'CAP_SETGID',
    'CAP_SETUID',
  ],
  ...['CAP_SETFCAP', 'CAP_SETPCAP', 'CAP_NET_BIND_SERVICE', 'CAP_SYS_CHROOT', 'CAP_KILL', 'CAP_AUDIT_WRITE'],
];

/** What a process gets when neither the image nor the command line gives a PATH. */
export const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** `Spec` with the parts that are always there. */
export type FullSpec = Spec & {
  process: NonNullable<Spec['process']>;
  root: NonNullable<Spec['root']>;
  mounts: Mount[];
  linux: NonNullable<Spec['linux']>;
};

export function defaultSpec(namespace: string, id: string): FullSpec {
  const capabilities = {bounding: defaultCapabilities, effective: defaultCapabilities, permitted: defaultCapabilities};
  return {
    ociVersion: ociRuntimeSpecVersion,
    process: {
      ...{user: {uid: 0, gid: 0}, args: [], cwd: '/', capabilities},
      rlimits: [{type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024}],
      noNewPrivileges: true,
    },
    root: {path: 'rootfs'},
    mounts: defaultMounts(),
    linux: {
      resources: {devices: [{allow: false, access: 'rwm'}]},
      cgroupsPath: id === '' ? `/${namespace}` : `/${namespace}/${id}`,
      namespaces: [{type: 'pid'}, {type: 'ipc'}, {type: 'uts'}, {type: 'mount'}, {type: 'network'}],
      maskedPaths: [
        ...['/proc/acpi', '/proc/asound', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list'],
        ...['/proc/timer_stats', '/proc/sched_debug', '/sys/firmware', '/sys/devices/virtual/powercap', '/proc/scsi'],
      ],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

function defaultMounts(): Mount[] {
  const safe = ['nosuid', 'noexec', 'nodev'];
  const small = ['nosuid', 'strictatime', 'mode=755', 'size=65536k'];
  return [
    {destination: '/proc', type: 'proc', source: 'proc', options: safe},
    {destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: small},
    {
      ...{destination: '/dev/pts', type: 'devpts', source: 'devpts'},
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    {destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...safe, 'mode=1777', 'size=65536k']},
    {destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: safe},
    {destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...safe, 'ro']},
    {destination: '/run', type: 'tmpfs', source: 'tmpfs', options: small},
  ];
}
