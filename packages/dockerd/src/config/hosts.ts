/** Where the daemon listens: the values of `--host` as Docker reads them. */
import {EngineError} from '@longshore/errdefs';

export const defaultUnixHost = 'unix:///var/run/docker.sock';
const plainPort = 2375;
const securePort = 2376;

/**
 * The full form of one `-H`: `tcp://:5555` becomes `tcp://localhost:5555`, `unix://` the standard socket. `secure` only
 * chooses the port where none is given. Throws `invalid-argument` with Docker's words.
 */
export function parseHost(text: string, secure = false, standardHost = defaultUnixHost): string {
  const host = text.trim();
  if (host === '') return secure ? `tcp://localhost:${securePort}` : standardHost;
  const [, scheme = 'tcp', rest = ''] = /^(?:([^:/]*):\/\/)?(.*)$/s.exec(host) ?? [];
  switch (scheme) {
    case 'tcp':
      return parseTcp(host, rest, secure ? securePort : plainPort);
    case 'unix':
      if (rest.includes('://')) throw badHost(host, `invalid unix address: ${rest}`);
      return rest === '' ? standardHost : host;
    case 'fd':
      return host;
    default:
      throw badHost(host, `unsupported proto '${scheme}'`);
  }
}

/** Host name and port of a parsed `tcp://` address; brackets are removed. */
export function splitTcpHost(host: string): {name: string; port: number} {
  const [, bracketed, plain = '', port] = /^tcp:\/\/(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(host) ?? [];
  return {name: bracketed ?? plain, port: Number(port)};
}

function parseTcp(shown: string, rest: string, defaultPort: number): string {
  const match = /^(\[[0-9A-Fa-f:.]+(?:%[^\]]+)?\]|[^:/\s[\]]*)(?::([^/]*))?(\/.*)?$/.exec(rest);
  if (!match) throw badHost(shown, `parse "tcp://${rest}": invalid character in host name`);
  const [, name = '', port = '', path = ''] = match;
  if (path !== '') throw badHost(shown, 'should not contain a path element');
  if (port !== '' && !(/^\d+$/.test(port) && Number(port) > 0)) throw badHost(shown, `invalid port: ${port}`);
  return `tcp://${name || 'localhost'}:${port || defaultPort}`;
}

function badHost(host: string, why: string): EngineError {
  return new EngineError('invalid-argument', `invalid bind address (${host}): ${why}`);
}
