import type {Command} from '../cli/command.ts';
import {consoleSocketFlag, detachFlag, pidFileFlag, pidfdSocketFlag, preserveFdsFlag} from '../cli/common-flags.ts';
import {passToRuntime} from '../cli/pass-through.ts';

export const command: Command = {
  name: 'exec',
  summary: 'run a further process in a container',
  argumentsText: '<container-id> <command> [arguments...]  |  --process FILE <container-id>',
  description: `Without --process the process of the bundle's config.json is the pattern, with the given command instead
of its own. The exit code is that of the process, or 255 when it could not be started.
`,
  flags: [
    consoleSocketFlag,
    pidfdSocketFlag,
    {names: ['cwd'], kind: 'string', help: 'working directory in the container'},
    {names: ['env', 'e'], kind: 'list', help: 'set an environment variable (NAME=value)'},
    {names: ['tty', 't'], kind: 'boolean', help: 'allocate a terminal'},
    {names: ['user', 'u'], kind: 'string', help: 'UID[:GID] of the process'},
    {names: ['additional-gids', 'g'], kind: 'list', help: 'further group ids'},
    {names: ['process', 'p'], kind: 'string', help: 'JSON file of an OCI process'},
    detachFlag,
    pidFileFlag,
    {names: ['process-label'], kind: 'string', help: 'SELinux label of the process'},
    {names: ['apparmor'], kind: 'string', help: 'AppArmor profile of the process'},
    {names: ['no-new-privs'], kind: 'boolean', help: 'set no_new_privs'},
    {names: ['cap', 'c'], kind: 'list', help: 'add a capability to the bounding set'},
    preserveFdsFlag,
    {names: ['cgroup'], kind: 'list', help: 'run in this existing sub-cgroup, as [CONTROLLER:]PATH'},
    {names: ['ignore-paused'], kind: 'boolean', help: 'also in a paused container'},
  ],
  arguments: {min: 1, max: Number.POSITIVE_INFINITY},
  stopAtPositional: true,
  async run(context) {
    if (!context.args.has('pidfd-socket')) passToRuntime(context, 'exec');
    return (await import('../cli/with-pidfd.ts')).execWithPidfd(context);
  },
};
