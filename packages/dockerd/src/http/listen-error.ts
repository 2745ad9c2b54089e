import {messageOf} from '@longshore/errdefs';

const texts: Partial<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EACCES: 'permission denied',
  EADDRNOTAVAIL: 'cannot assign requested address',
  ERR_SOCKET_BAD_PORT: 'invalid port',
};

/** Why bind(2) or listen(2) failed, as strerror(3) says it. */
export function listenErrorText(error: unknown): string {
  return texts[(error as NodeJS.ErrnoException).code ?? ''] ?? messageOf(error);
}
