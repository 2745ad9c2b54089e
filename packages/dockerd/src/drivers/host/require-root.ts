import {EngineError} from '@longshore/errdefs';

/** Throws, with the original's advice, when the process is not root's. */
export function requireRoot(): void {
  if (process.geteuid?.() === 0) return;
  throw new EngineError(
    'permission-denied',
    'dockerd needs to be started with root privileges. To run dockerd in rootless mode as an unprivileged user, see https://docs.docker.com/go/rootless/',
  );
}
