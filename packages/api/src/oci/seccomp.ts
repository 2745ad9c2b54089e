/** runtime-spec: a resolved seccomp filter. A profile file of Docker has more (archMap, includes, excludes). */

export type SeccompAction =
  | 'SCMP_ACT_KILL'
  | 'SCMP_ACT_KILL_PROCESS'
  | 'SCMP_ACT_KILL_THREAD'
  | 'SCMP_ACT_TRAP'
  | 'SCMP_ACT_ERRNO'
  | 'SCMP_ACT_TRACE'
  | 'SCMP_ACT_ALLOW'
  | 'SCMP_ACT_LOG'
  | 'SCMP_ACT_NOTIFY';

export type SeccompOperator =
  | 'SCMP_CMP_NE'
  | 'SCMP_CMP_LT'
  | 'SCMP_CMP_LE'
  | 'SCMP_CMP_EQ'
  | 'SCMP_CMP_GE'
  | 'SCMP_CMP_GT'
  | 'SCMP_CMP_MASKED_EQ';

/** The `seccomp` object of config.json. */
export interface LinuxSeccomp {
  defaultAction: SeccompAction;
  defaultErrnoRet?: number;
  /** `SCMP_ARCH_X86_64`, ... */
  architectures?: string[];
  /** `SECCOMP_FILTER_FLAG_TSYNC`, ... */
  flags?: string[];
  /** Unix socket that gets the notification descriptor. */
  listenerPath?: string;
  listenerMetadata?: string;
  syscalls?: LinuxSyscall[];
}

/** One rule: all of `args` must match. */
export interface LinuxSyscall {
  names: string[];
  action: SeccompAction;
  errnoRet?: number;
  args?: LinuxSeccompArg[];
}

/** Compares one argument. With SCMP_CMP_MASKED_EQ, `value` is the mask and `valueTwo` the result. */
export interface LinuxSeccompArg {
  /** 0 to 5 */
  index: number;
  value: number;
  valueTwo?: number;
  op: SeccompOperator;
}
