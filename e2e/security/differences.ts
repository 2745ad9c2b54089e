/** Where a container of ours is confined otherwise than one of Debian's engine (20.10), and why. Ours follows 28.5. */

/** Matches lines of the report: the setting, - (only the original's) or + (only ours), and the fact. */
export interface ConfinementDifference {
  facts: RegExp;
  because: string;
}

export const differences: ConfinementDifference[] = [
  {facts: /[-+] (paths|mounts): .*\/proc\/interrupts /, because: 'masked since 28.0.3 (it tells of keystrokes)'},
  {
    facts: /[-+] mounts: \/ \/ r[ow],relatime master - overlay .*,workdir=\.\.\.(,uuid=on)?$/,
    because: 'the kernel shows that it keeps a UUID for an overlay that it mounts for the first time',
  },
  {
    facts: /(privileged|all capabilities but two): [-+] status: Cap/,
    because: 'the original does not know CAP_PERFMON, CAP_BPF and CAP_CHECKPOINT_RESTORE',
  },
  {facts: /calls: call 303: E(PERM|INVAL)$/, because: 'name_to_handle_at(2) is allowed since 24'},
  {
    facts: /calls: call 31[01]: E(PERM|INVAL)$/,
    because: 'process_vm_readv(2) and its like are allowed as ptrace(2) is',
  },
  {facts: /calls: call (329|33[01]): E(PERM|INVAL)$/, because: 'memory protection keys are allowed since 25'},
  {facts: /calls: call 42[567]: E(PERM|FAULT|INVAL)$/, because: 'io_uring is refused since 25'},
  {
    facts: /calls: call 45[012456]: E(NOSYS|PERM|INVAL|BADF)$/,
    because:
      'calls from Linux 5.17 to 6.7, which the original does not know: NUMA, cachestat(2), fchmodat2(2), futexes',
  },
  {facts: /calls: socket of VM sockets: E(PROTONOSUPPORT|PERM)$/, because: 'AF_VSOCK is refused since 23'},
];

/** The same under `--userns-remap`. */
export const usernsDifferences: ConfinementDifference[] = [
  ...differences.filter(({because}) => !because.includes('CAP_PERFMON')),
  {facts: /all capabilities: [-+] status: Cap/, because: 'the original knows fewer capabilities, as above'},
  {
    facts: /the machine's users: [-+] paths: \/(tmp)? directory 1?7.. (200000:300000|0:0) /,
    because: "with --userns host our containers see the image's owners; the original shows them shifted",
  },
  {
    facts: /[-+] paths: \/etc\/mtab /,
    because: 'the original makes this link as a user whom the container has not',
  },
  {
    facts: /[-+] (paths|devices): \/dev\/mqueue directory 1777 (0|65534):65534 /,
    because:
      'the runtime joins a user namespace that is there, and makes that of the queues as the root of the machine',
  },
];
