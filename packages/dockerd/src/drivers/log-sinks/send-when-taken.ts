import {setTimeout as delay} from 'node:timers/promises';
import {isErrno, sendUnixDatagram} from '@longshore/linux';

const pauseMs = 5;

/** Sends a datagram to a unix socket; while its reader's queue is full it waits. Throws when nobody listens. */
export async function sendWhenTaken(path: string, data: Uint8Array, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return sendUnixDatagram(path, data);
    } catch (error) {
      if (!isErrno(error, 'EAGAIN')) throw error;
    }
    await delay(pauseMs, undefined, {signal});
  }
}
