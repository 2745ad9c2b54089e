import {readKernelFile} from '@longshore/linux';
import type {FullSpec} from './default-spec.ts';
import {hostDevices} from './devices.ts';

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

/** Everything that this process may do, nothing masked, and every device: what --privileged means. */
export function privileged(spec: FullSpec, withDevices: boolean): void {
  const all = currentCapabilities();
  spec.process.capabilities = {bounding: all, effective: all, permitted: all};
  delete spec.linux.maskedPaths;
  delete spec.linux.readonlyPaths;
  for (const mount of spec.mounts) {
    if (mount.type === 'sysfs' || mount.type === 'cgroup')
      mount.options = (mount.options ?? []).map(option => (option === 'ro' ? 'rw' : option));
  }
  if (!withDevices) return;
  spec.linux.devices = hostDevices('/dev');
  spec.linux.resources = {...spec.linux.resources, devices: [{allow: true, access: 'rwm'}]};
}

function currentCapabilities(): string[] {
  const mask = BigInt(`0x${/^CapEff:\s+([0-9a-f]+)$/m.exec(readKernelFile('/proc/self/status'))?.[1] ?? '0'}`);
  return capabilityNames.filter((_, bit) => (mask >> BigInt(bit)) & 1n);
}
