/** The settings under which the confinement of remapped containers is compared. */
import type {Setting} from './settings.ts';

export const usernsSettings: Setting[] = [
  {name: 'default', args: []},
  {name: 'all capabilities', args: ['--cap-add', 'ALL', '--cap-drop', 'MKNOD', '--security-opt', 'seccomp=unconfined']},
  {name: 'a user', args: ['--security-opt', 'no-new-privileges', '--user', '1000:1000', '--group-add', '2000']},
  {
    name: 'read-only',
    args: ['--read-only', '--tmpfs', '/tmp:size=4m,noexec', '--init', '--network', 'none', '--uts', 'host'],
  },
  {name: "the machine's users", args: ['--userns', 'host']},
  {
    name: 'limits',
    args: [
      ...[
        '--memory',
        '64m',
        '--pids-limit',
        '80',
        '--oom-score-adj',
        '300',
        '--shm-size',
        '16m',
        '--cgroupns',
        'private',
      ],
      ...['-v', 'data:/data', '--sysctl', 'net.ipv4.ip_forward=0', '--ipc', 'shareable'],
    ],
  },
];
