import {sendUnixDatagram} from '@longshore/linux';

/** sd_notify(3): tells systemd about a state such as `READY=1`. Nothing happens without a socket. */
export function notifySystemd(socket: string, state: string): void {
  if (socket !== '') sendUnixDatagram(socket, state);
}
