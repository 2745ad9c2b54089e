/** Whose root the daemon is: the host's, or that of a user namespace which an ordinary user made. */
import {EngineError} from '@longshore/errdefs';

export interface Privileges {
  effectiveUid: number;
  /** Of this process. */
  inUserNamespace: boolean;
  /** Asked for, or found out. */
  rootless: boolean;
  underRootlesskit: boolean;
}

/** Throws, with the original's advice where it has some, when the daemon could not do its work as what it was started. */
export function checkPrivileges({effectiveUid, inUserNamespace, rootless, underRootlesskit}: Privileges): void {
  if (effectiveUid !== 0) {
    throw new EngineError(
      'permission-denied',
      'dockerd needs to be started with root privileges. To run dockerd in rootless mode as an unprivileged user, see https://docs.docker.com/go/rootless/',
    );
  }
  if (underRootlesskit && !rootless) {
    throw new EngineError('failed-precondition', 'rootless mode needs to be enabled for running with RootlessKit');
  }
  if (rootless && !inUserNamespace) {
    throw new EngineError(
      'failed-precondition',
      'rootless mode needs a user namespace: start the daemon with dockerd-rootless.sh as an unprivileged user',
    );
  }
}
