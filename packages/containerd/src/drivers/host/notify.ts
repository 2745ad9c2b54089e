import type {Logger} from '@longshore/base';
import {sendUnixDatagram} from '@longshore/linux';

/** sd_notify(3): tells the service manager about a state such as `READY=1`. Nothing happens without a socket. */
export function notifyServiceManager(socket: string | undefined, state: string, log: Logger): void {
  if (!socket) return;
  try {
    sendUnixDatagram(socket, state);
  } catch (error) {
    log.warn({error, socket}, 'cannot notify the service manager');
  }
}
