/**
 * Whether a request goes through a proxy, by the rules of Go's programs, for which administrators write their settings:
 * HTTP_PROXY, HTTPS_PROXY and NO_PROXY, upper case before lower case.
 */
import {BlockList, isIP} from 'node:net';
import {EngineError} from '@longshore/errdefs';

/** Empty texts: none. */
export interface ProxySettings {
  /** For `http:` addresses. A URL, or a host with port. */
  http: string;
  https: string;
  /** Hosts, domains, addresses and networks that are reached directly, separated by commas; `*` is all of them. */
  none: string;
}

export function proxySettings(env: NodeJS.ProcessEnv): ProxySettings {
  const read = (name: string) => env[name] || env[name.toLowerCase()] || '';
  return {http: read('HTTP_PROXY'), https: read('HTTPS_PROXY'), none: read('NO_PROXY')};
}

/** The proxy for an address; undefined for none. Throws `invalid-argument` for a setting that is no proxy's address. */
export function proxyFor(settings: ProxySettings, url: URL): URL | undefined {
  const text = url.protocol === 'https:' ? settings.https : settings.http;
  if (text === '' || isDirect(settings.none, url)) return undefined;
  return parseProxy(text);
}

/** Throws `invalid-argument`; passwords are not in the message. */
export function parseProxy(text: string): URL {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (!url || url.hostname === '') throw new EngineError('invalid-argument', 'invalid proxy address: it is no URL');
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  throw new EngineError('invalid-argument', `unsupported proxy protocol ${url.protocol}//: only http and https`);
}

/** The host itself is never reached by a proxy. */
function isDirect(none: string, url: URL): boolean {
  const host = url.hostname.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  if (host === 'localhost' || isLoopback(host)) return true;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const entries = none.split(',').map(entry => entry.trim().toLowerCase());
  return entries.some(entry => entry !== '' && matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isIP(host) !== 0 && isInNetwork(entry, host);
  const {name, wantedPort} = splitPort(entry);
  if (wantedPort !== '' && wantedPort !== port) return false;
  if (isIP(name) !== 0) return isIP(host) !== 0 && isInNetwork(`${name}/${isIP(name) === 4 ? 32 : 128}`, host);
  // A name stands for itself and what is below it, one that begins with a dot for what is below it alone.
  const domain = name.replace(/^\*\./, '.');
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

/** `host:port`, `[::1]:port`; an address of IPv6 without brackets has no port. */
function splitPort(entry: string): {name: string; wantedPort: string} {
  const [, bracketed, after = ''] = /^\[(.*)\](?::(\d+))?$/.exec(entry) ?? [];
  if (bracketed !== undefined) return {name: bracketed, wantedPort: after};
  const [, name, wantedPort] = /^([^:]*):(\d+)$/.exec(entry) ?? [];
  return {name: name ?? entry, wantedPort: wantedPort ?? ''};
}

function isInNetwork(cidr: string, address: string): boolean {
  const [network = '', length = ''] = cidr.split('/');
  const family = isIP(network);
  if (family === 0 || family !== isIP(address) || !/^\d+$/.test(length)) return false;
  if (Number(length) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(network, Number(length), kind);
  return list.check(address, kind);
}

function isLoopback(host: string): boolean {
  return isInNetwork('127.0.0.0/8', host) || isInNetwork('::1/128', host) || isInNetwork('::ffff:127.0.0.0/104', host);
}
