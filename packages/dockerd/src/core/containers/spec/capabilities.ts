/** Which capabilities a container's processes have. */
import {EngineError} from '@longshore/errdefs';

/** What Docker grants without being asked, in the order it writes them. */
const standard = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

/** Every capability of Linux by number: index 0 is CAP_CHOWN. */
const byNumber = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
];

const all = 'ALL';

/** Capabilities in the bounding set of the daemon, out of the CapBnd mask of /proc/self/status (hex). */
export function parseCapabilityMask(hex: string): string[] {
  const mask = BigInt(`0x${hex}`);
  return byNumber.filter((_name, number) => (mask & (1n << BigInt(number))) !== 0n);
}

/**
 * `CAP_X` out of `x`, `cap_x`, `CAP_X`; `ALL` stays. Throws `invalid CapAdd: unknown capability: "CAP_BOGUS"`, with
 * `field` in front.
 */
export function normaliseCapabilities(names: readonly string[], field: 'CapAdd' | 'CapDrop'): string[] {
  return names.map(name => {
    const upper = name.toUpperCase();
    // `CAP_ALL` is none: the client makes `ALL` of it.
    if (upper === all) return all;
    const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
    if (byNumber.includes(full)) return full;
    throw new EngineError('invalid-argument', `invalid ${field}: unknown capability: ${JSON.stringify(full)}`);
  });
}

/**
 * The list for the bounding, permitted and effective sets. `available` are the daemon's own: what it lacks it cannot
 * grant, but naming such a capability is an error of the runtime, not dropped here.
 */
export function effectiveCapabilities(
  options: {add: readonly string[]; drop: readonly string[]; privileged: boolean},
  available: readonly string[],
): string[] {
  if (options.privileged) return [...available];
  const add = normaliseCapabilities(options.add, 'CapAdd');
  const drop = normaliseCapabilities(options.drop, 'CapDrop');
  if (add.length === 0 && drop.length === 0) return standard;
  if (drop.includes(all)) return add.includes(all) ? [...available] : unique(add);
  if (add.includes(all)) return available.filter(name => !drop.includes(name));
  return unique([...standard.filter(name => !drop.includes(name)), ...add]);
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
