/** What goes over the lines to registries, as text for people. Secrets are left out. */
import type http from 'node:http';
import type {Socket} from 'node:net';

export interface HttpDebug {
  /** Requests and answers, without their bodies. */
  dump: boolean;
  /** Look-ups, connections and times. */
  trace: boolean;
  /** Gets whole lines. */
  write(text: string): void;
}

const secretHeaders = /^(authorization|proxy-authorization|cookie|set-cookie)$/i;

/** Reports one request from now on until its answer begins. */
export function debugRequest(outgoing: http.ClientRequest, debug: HttpDebug): void {
  const name = `${outgoing.method} ${outgoing.protocol}//${outgoing.getHeader('host')}${outgoing.path}`;
  if (debug.dump) {
    const headers = Object.entries(outgoing.getHeaders()).map(([key, value]) => [key, String(value)] as const);
    debug.write(message(`${outgoing.method} ${outgoing.path} HTTP/1.1`, headers));
    outgoing.once('response', response => {
      const {httpVersion, statusCode, statusMessage} = response;
      const received = Object.entries(response.headersDistinct).flatMap(([key, values = []]) =>
        values.map(value => [key, value] as const),
      );
      debug.write(message(`HTTP/${httpVersion} ${statusCode} ${statusMessage}`, received));
    });
  }
  if (debug.trace) traceRequest(outgoing, name, text => debug.write(printable(`${text}\n`)));
}

function traceRequest(outgoing: http.ClientRequest, name: string, write: (text: string) => void): void {
  const start = performance.now();
  const after = () => `${(performance.now() - start).toFixed(1)} ms`;
  outgoing.once('socket', (socket: Socket) => {
    if (!socket.connecting) write(`${name}: reuses a connection to ${socket.remoteAddress}:${socket.remotePort}`);
    socket.once('lookup', (error, address) => write(`${name}: looked up: ${error?.message ?? address} (${after()})`));
    socket.once('connect', () =>
      write(`${name}: connected to ${socket.remoteAddress}:${socket.remotePort} (${after()})`),
    );
    socket.once('secureConnect', () => write(`${name}: TLS stands (${after()})`));
  });
  outgoing.once('response', response => write(`${name}: answer ${response.statusCode} begins (${after()})`));
  outgoing.once('error', error => write(`${name}: ${error.message} (${after()})`));
}

function message(first: string, headers: readonly (readonly [name: string, value: string])[]): string {
  const lines = headers.map(([name, value]) => `${name}: ${secretHeaders.test(name) ? '<redacted>' : value}`);
  return printable([first, ...lines, '', ''].join('\n'));
}

/** Servers do not get to steer terminals. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e\n]/g, '?');
}
