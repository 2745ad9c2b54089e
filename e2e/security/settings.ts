/** The settings under which a container's confinement is compared: the default, privileged, and ten mixed ones. */

export interface Setting {
  name: string;
  /** Arguments of `docker run`. `@` is the directory of the test's files. */
  args: string[];
}

/** Refuses mkdir(2) and mkdirat(2) in a way that the kernel never would, and says nothing of other calls. */
export const customProfile = {
  defaultAction: 'SCMP_ACT_ALLOW',
  architectures: ['SCMP_ARCH_X86_64'],
  syscalls: [{names: ['mkdir', 'mkdirat', 'sync'], action: 'SCMP_ACT_ERRNO', errnoRet: 123}],
};

export const settings: Setting[] = [
  {name: 'default', args: []},
  {name: 'privileged', args: ['--privileged']},
  {name: 'no capabilities', args: ['--cap-drop', 'ALL']},
  {
    name: 'some capabilities',
    args: ['--cap-add', 'NET_ADMIN', '--cap-add', 'sys_ptrace', '--cap-add', 'CAP_SYS_ADMIN', '--cap-drop', 'CHOWN'],
  },
  {name: 'all capabilities but two', args: ['--cap-add', 'ALL', '--cap-drop', 'SYS_MODULE', '--cap-drop', 'MKNOD']},
  {name: 'no filter', args: ['--security-opt', 'seccomp=unconfined']},
  {
    name: 'a user',
    args: ['--security-opt', 'no-new-privileges', '--user', '1000:1000', '--group-add', '2000', '--cap-add', 'NET_RAW'],
  },
  {
    name: 'read-only',
    args: [
      '--read-only',
      '--tmpfs',
      '/tmp:size=4m,noexec',
      '--tmpfs',
      '/run:mode=0700',
      '--init',
      '--hostname',
      'inside',
    ],
  },
  {
    name: "the host's namespaces",
    args: ['--pid', 'host', '--ipc', 'host', '--uts', 'host', '--network', 'host', '--cgroupns', 'host'],
  },
  {
    name: 'devices and an own filter',
    args: [
      ...[
        '--device',
        '/dev/zero:/dev/second:r',
        '--device-cgroup-rule',
        'c 1:1 rwm',
        '--device-cgroup-rule',
        'b 7:* r',
      ],
      ...['--security-opt', 'seccomp=@/profile.json', '--network', 'none'],
    ],
  },
  {
    name: 'open system paths',
    args: ['--security-opt', 'systempaths=unconfined', '--security-opt', 'apparmor=unconfined', '--shm-size', '8m'],
  },
  {
    name: 'limits and own namespaces',
    args: [
      ...['--memory', '64m', '--pids-limit', '80', '--cpu-shares', '77', '--oom-score-adj', '300', '--shm-size', '16m'],
      ...['--ulimit', 'nofile=64:128', '--ulimit', 'core=0', '--sysctl', 'net.ipv4.ip_forward=0'],
      ...[
        '--cgroupns',
        'private',
        '--ipc',
        'private',
        '-v',
        '@:/data',
        '--mount',
        'type=tmpfs,target=/scratch,tmpfs-mode=0700',
      ],
    ],
  },
];
