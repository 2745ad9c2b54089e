import {monotonicMicroseconds, sendUnixDatagram} from '@longshore/linux';

/** sd_notify(3): tells systemd about a state such as `READY=1`. Nothing happens without a socket. */
export function notifySystemd(socket: string, state: string): void {
  if (socket !== '') sendUnixDatagram(socket, state);
}

/** systemd wants to know when the reload began, to tell a `READY=1` that ends it from an earlier one. */
export function notifyReloading(socket: string): void {
  if (socket !== '') notifySystemd(socket, `RELOADING=1\nMONOTONIC_USEC=${monotonicMicroseconds()}`);
}
