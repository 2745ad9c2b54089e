/**
 * The profile `docker-default`: what a container's root must not do to the host even with all its capabilities. It allows
 * the network, files and capabilities (which other means limit) and denies mounts and writes to the kernel's interfaces.
 *
 * The rules are those of Docker's profile as `docs.docker.com/engine/security/apparmor` describes it; see apparmor.d(5) for
 * their language.
 */

/** What the text of the profile depends on. */
export interface ProfileFacts {
  /** Name of the profile. */
  name: string;
  /** Profile that the daemon itself runs under; empty or `unconfined` for none. Its signals must reach containers. */
  daemonProfile: string;
  /** Version of apparmor_parser as [major, minor]. */
  parser: readonly [number, number];
  /** Files below /etc/apparmor.d that are there. */
  has: {globalTunables: boolean; baseAbstraction: boolean; abi: boolean};
}

/** Writes the profile for this parser. */
export function buildProfile({name, daemonProfile, parser, has}: ProfileFacts): string {
  const signals = atLeast(parser, [2, 9]);
  const lines = [
    // Without a feature set of its own, a newer kernel's rules (user namespaces, io_uring) would be denied by their absence.
    ...(has.abi && atLeast(parser, [3, 0]) ? ['abi <abi/3.0>,'] : []),
    has.globalTunables ? '#include <tunables/global>' : '@{PROC}=/proc/',
    '',
    `profile ${name} flags=(attach_disconnected,mediate_deleted) {`,
    ...indent([
      ...(has.baseAbstraction ? ['#include <abstractions/base>', ''] : []),
      'network,',
      'capability,',
      'file,',
      'umount,',
      ...(signals ? ['', ...signalRules(name, daemonProfile)] : []),
      '',
      ...deniedFiles,
      ...(signals ? ['', '# Processes of one container may look at each other.', ptraceRule(name)] : []),
    ]),
    '}',
    '',
  ];
  return lines.join('\n');
}

/** Signals from outside: the engine, its runtime (which newer systems confine under these names) and the host's root. */
function signalRules(name: string, daemonProfile: string): string[] {
  const senders = ['unconfined', 'runc', 'crun'];
  if (daemonProfile !== '' && daemonProfile !== 'unconfined') senders.push(daemonProfile);
  return [
    ...senders.map(sender => `signal (receive) peer=${quote(sender)},`),
    `signal (send,receive) peer=${quote(name)},`,
  ];
}

const ptraceRule = (name: string): string => `ptrace (trace,read,tracedby,readby) peer=${quote(name)},`;

const deniedFiles = [
  '# Files directly in /proc, and every directory of it that is not a process, but for the sysctls of namespaces.',
  'deny @{PROC}/* w,',
  'deny @{PROC}/{[^1-9],[^1-9][^0-9],[^1-9s][^0-9y][^0-9s],[^1-9][^0-9][^0-9][^0-9]*}/** w,',
  'deny @{PROC}/sys/[^k]** w,',
  'deny @{PROC}/sys/kernel/{?,??,[^s][^h][^m]**} w,',
  'deny @{PROC}/sysrq-trigger rwklx,',
  'deny @{PROC}/kcore rwklx,',
  '',
  'deny mount,',
  '',
  '# Of /sys only the cgroups, which the container has a view of its own of.',
  'deny /sys/[^f]*/** wklx,',
  'deny /sys/f[^s]*/** wklx,',
  'deny /sys/fs/[^c]*/** wklx,',
  'deny /sys/fs/c[^g]*/** wklx,',
  'deny /sys/fs/cg[^r]*/** wklx,',
  'deny /sys/firmware/** rwklx,',
  'deny /sys/devices/virtual/powercap/** rwklx,',
  'deny /sys/kernel/security/** rwklx,',
];

const indent = (lines: string[]): string[] => lines.map(line => (line === '' ? '' : `  ${line}`));

const quote = (text: string): string => (/^[\w./-]+$/.test(text) ? text : JSON.stringify(text));

function atLeast(
  [major, minor]: readonly [number, number],
  [wantMajor, wantMinor]: readonly [number, number],
): boolean {
  return major > wantMajor || (major === wantMajor && minor >= wantMinor);
}
