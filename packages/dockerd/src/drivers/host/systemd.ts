import {execFile} from 'node:child_process';
import {monotonicMicroseconds, sendUnixDatagram} from '@longshore/linux';

/** sd_notify(3): tells systemd about a state such as `READY=1`. Nothing happens without a socket. */
export function notifySystemd(socket: string, state: string): void {
  if (socket !== '') sendUnixDatagram(socket, state);
}

/** systemd wants to know when the reload began, to tell a `READY=1` that ends it from an earlier one. */
export function notifyReloading(socket: string): void {
  if (socket !== '') notifySystemd(socket, `RELOADING=1\nMONOTONIC_USEC=${monotonicMicroseconds()}`);
}

/** systemd answers at once; on its way down it may not answer at all. */
const questionTimeoutMs = 10_000;

/**
 * True when this end of the daemon is part of an end of the machine. `false` where that cannot be learnt.
 *
 * @param command the client of systemd, which prints `stopping` then (systemctl(1), `is-system-running`)
 */
export function isMachineStopping(command = 'systemctl'): Promise<boolean> {
  return new Promise(done => {
    // Its exit code is not 0 for anything but "running".
    execFile(command, ['is-system-running'], {timeout: questionTimeoutMs}, (_error, stdout) =>
      done(stdout.trim() === 'stopping'),
    );
  });
}
