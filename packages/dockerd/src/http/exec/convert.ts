import type {ExecInspect} from '@longshore/api/engine';
import type {Exec} from '../../core/exec/exec.ts';

export function execToJson({id, containerId, config, state, pid}: Exec): ExecInspect {
  const [entrypoint = '', ...args] = config.command;
  return {
    ID: id,
    Running: state.status === 'running',
    ExitCode: state.status === 'exited' ? state.exitCode : null,
    ProcessConfig: {
      tty: config.tty,
      entrypoint,
      arguments: args,
      privileged: config.privileged,
      ...(config.user ? {user: config.user} : {}),
    },
    OpenStdin: config.attachStdin,
    OpenStderr: config.attachStderr,
    OpenStdout: config.attachStdout,
    CanRemove: false,
    ContainerID: containerId,
    DetachKeys: config.detachKeys,
    Pid: pid,
  };
}
