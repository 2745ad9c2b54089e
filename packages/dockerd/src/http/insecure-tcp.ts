/** What the original says, and how long it waits, before it listens on TCP without asking who comes. */
import type {Logger} from '@longshore/base';

export interface InsecureTcp {
  /** As configured. */
  host: string;
  /** Its host part, and the address that stands for. */
  name: string;
  address: string;
  intended: boolean;
  log: Logger;
  pause: (milliseconds: number) => Promise<void>;
}

const noticeMs = 1_000;
const deterrentMs = 15_000;

/** Resolves when the daemon may listen. Addresses of this host alone wait a second; others longer, unless intended. */
export async function warnOfInsecureTcp({host, name, address, intended, log, pause}: InsecureTcp): Promise<void> {
  const warn = (message: string) => log.warn({host}, message);
  warn(
    'Binding to IP address without --tlsverify is insecure and gives root access on this machine to everyone who has access to your network.',
  );
  warn(
    'Binding to an IP address, even on localhost, can also give access to scripts run in a browser. Be safe out there!',
  );
  warn(
    '[DEPRECATION NOTICE] In future versions this will be a hard failure preventing the daemon from starting! Learn more at: https://docs.docker.com/go/api-security/',
  );
  await pause(noticeMs);
  if (intended || name === 'localhost' || isLoopback(address)) return;
  warn(
    'Binding to an IP address without --tlsverify is deprecated. Startup is intentionally being slowed down to show this message',
  );
  warn(
    'Please consider generating tls certificates with client validation to prevent exposing unauthenticated root access to your network',
  );
  warn("You can override this by explicitly specifying '--tls=false' or '--tlsverify=false'");
  warn(
    'Support for listening on TCP without authentication or explicit intent to run without authentication will be removed in the next release',
  );
  await pause(deterrentMs);
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
