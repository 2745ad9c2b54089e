import {readdirSync} from 'node:fs';
import {AT_FDCWD, fstatAtIfExists, major, minor, readKernelFile, S_IFBLK, S_IFCHR, S_IFMT} from '@longshore/linux';
import type {FullSpec} from './default-spec.ts';

/** Order of the capabilities in the kernel's bit mask (include/uapi/linux/capability.h). */
const capabilityNames = [
  ...[
    'CHOWN',
    'DAC_OVERRIDE',
    'DAC_READ_SEARCH',
    'FOWNER',
    'FSETID',
    'KILL',
    'SETGID',
    'SETUID',
    'SETPCAP',
    'LINUX_IMMUTABLE',
  ],
  ...['NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW', 'IPC_LOCK', 'IPC_OWNER', 'SYS_MODULE', 'SYS_RAWIO'],
  ...['SYS_CHROOT', 'SYS_PTRACE', 'SYS_PACCT', 'SYS_ADMIN', 'SYS_BOOT', 'SYS_NICE', 'SYS_RESOURCE', 'SYS_TIME'],
  ...[
    'SYS_TTY_CONFIG',
    'MKNOD',
    'LEASE',
    'AUDIT_WRITE',
    'AUDIT_CONTROL',
    'SETFCAP',
    'MAC_OVERRIDE',
    'MAC_ADMIN',
    'SYSLOG',
  ],
  ...['WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON', 'BPF', 'CHECKPOINT_RESTORE'],
].map(name => `CAP_${name}`);

/** Everything that this process may do, every device, nothing masked: what --privileged means. */
export function privileged(spec: FullSpec): void {
  const all = currentCapabilities();
  spec.process.capabilities = {bounding: all, effective: all, permitted: all};
  spec.process.noNewPrivileges = false;
  spec.linux.maskedPaths = [];
  spec.linux.readonlyPaths = [];
  spec.linux.devices = hostDevices('/dev');
  spec.linux.resources = {...spec.linux.resources, devices: [{allow: true, access: 'rwm'}]};
  for (const mount of spec.mounts) {
    if (mount.type === 'sysfs' || mount.type === 'cgroup')
      mount.options = mount.options?.filter(option => option !== 'ro') ?? [];
  }
}

function currentCapabilities(): string[] {
  const mask = BigInt(`0x${/^CapEff:\s+([0-9a-f]+)$/m.exec(readKernelFile('/proc/self/status'))?.[1] ?? '0'}`);
  return capabilityNames.filter((_, bit) => (mask >> BigInt(bit)) & 1n);
}

/** Device nodes below a directory of /dev; terminals and shared memory are the container's own. */
function hostDevices(dir: string): NonNullable<FullSpec['linux']['devices']> {
  return readdirSync(dir, {withFileTypes: true}).flatMap(entry => {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory()) return ['pts', 'shm', 'fd', 'mqueue'].includes(entry.name) ? [] : hostDevices(path);
    const status = entry.isSymbolicLink() || entry.name === 'console' ? undefined : fstatAtIfExists(AT_FDCWD, path);
    if (!status) return [];
    const kind = Number(status.mode) & S_IFMT;
    if (kind !== S_IFCHR && kind !== S_IFBLK) return [];
    const type = kind === S_IFCHR ? ('c' as const) : ('b' as const);
    return [
      {
        path,
        type,
        major: major(status.rdev),
        minor: minor(status.rdev),
        fileMode: Number(status.mode) & 0o7777,
        uid: status.uid,
        gid: status.gid,
      },
    ];
  });
}
