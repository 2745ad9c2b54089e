/** Which servers answer for a registry's name, in the order in which they are tried. */
import {BlockList, isIP} from 'node:net';
import {EngineError} from '@longshore/errdefs';
import {registryHost} from '../reference.ts';
import {loadHostCertificates} from './certificates.ts';
import {loadHostsDirectory} from './hosts-toml.ts';
import type {TlsOptions} from './http-client.ts';

export type Capability = 'pull' | 'resolve' | 'push';

export interface Endpoint {
  /** Up to and including `/v2`. */
  url: URL;
  capabilities: ReadonlySet<Capability>;
  tls: TlsOptions;
  headers: Readonly<Record<string, string>>;
  /** Try plain HTTP on the same port when the server does not speak TLS. */
  plainFallback: boolean;
  /** Registry that the server stands in for: it is told with every request that reads. */
  mirrorOf?: string;
  /** A connection must stand within this many milliseconds; 30 s by default. */
  dialTimeoutMs?: number;
}

export interface EndpointOptions {
  /** Hosts (`my.reg:5000`) and networks (`10.0.0.0/8`) without verified TLS; 127.0.0.0/8 and ::1 always are. */
  insecure?: readonly string[];
  /** URLs tried before Docker Hub. */
  mirrors?: readonly string[];
  /** Docker's `/etc/docker/certs.d`. */
  certsDir?: string;
  /** containerd's directories of `hosts.toml` files, separated by `:`. They decide alone for registries they know. */
  hostsDir?: string;
  /** Plain HTTP, for every registry. */
  plainHttp?: boolean;
  skipVerify?: boolean;
  /** Certificates for every server; what is configured for a server goes before it. */
  tls?: Pick<TlsOptions, 'ca' | 'cert' | 'key'>;
  /** Sent with every request to a registry. */
  headers?: Readonly<Record<string, string>>;
}

const all: ReadonlySet<Capability> = new Set(['pull', 'resolve', 'push']);
const readOnly: ReadonlySet<Capability> = new Set(['pull', 'resolve']);

/** Servers for `domain` (as in a reference). Throws `invalid-argument` for configuration that cannot be used. */
export async function findEndpoints(domain: string, options: EndpointOptions): Promise<Endpoint[]> {
  const host = registryHost(domain);
  const origin = new URL(`${options.plainHttp ? 'http' : 'https'}://${host}/v2`);
  const own = await makeEndpoint(origin, host, all, options);
  const configured = options.hostsDir ? await loadHostsDirectory(options.hostsDir, domain, own) : undefined;
  if (configured) return configured;
  const endpoints: Endpoint[] = [];
  if (domain === 'docker.io') {
    for (const mirror of options.mirrors ?? []) {
      const url = mirrorUrl(mirror);
      endpoints.push(await makeEndpoint(url, url.host, readOnly, options));
    }
  }
  return [...endpoints, own];
}

async function makeEndpoint(
  url: URL,
  host: string,
  capabilities: ReadonlySet<Capability>,
  options: EndpointOptions,
): Promise<Endpoint> {
  const insecure = isInsecure(host, options.insecure ?? []);
  const certificates = options.certsDir === undefined ? {} : await loadHostCertificates(options.certsDir, host);
  const tls = {...options.tls, ...certificates, skipVerify: insecure || options.skipVerify === true};
  return {url, capabilities, tls, headers: {...options.headers}, plainFallback: insecure && url.protocol === 'https:'};
}

function mirrorUrl(mirror: string): URL {
  const fail = (reason: string) =>
    new EngineError('invalid-argument', `invalid mirror: ${JSON.stringify(mirror)}${reason}`);
  let url: URL;
  try {
    url = new URL(mirror);
  } catch {
    throw fail(' is not a valid URI');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw fail(': unsupported scheme');
  return new URL(`${url.origin}${url.pathname.replace(/\/+$/, '')}/v2`);
}

/** Loopback addresses and what the configuration lists. A name is looked up in the list only, not in the DNS. */
export function isInsecure(host: string, configured: readonly string[]): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (name === 'localhost' || configured.includes(host) || configured.includes(name)) return true;
  const version = isIP(name);
  if (version === 0) return false;
  const networks = new BlockList();
  networks.addSubnet('127.0.0.0', 8, 'ipv4');
  networks.addAddress('::1', 'ipv6');
  for (const network of configured) addNetwork(networks, network);
  return networks.check(name, version === 6 ? 'ipv6' : 'ipv4');
}

function addNetwork(networks: BlockList, text: string): void {
  const [address = '', prefix] = text.split('/');
  const version = isIP(address);
  if (version === 0 || prefix === undefined || !/^\d{1,3}$/.test(prefix)) return; // a host name
  networks.addSubnet(address, Number(prefix), version === 6 ? 'ipv6' : 'ipv4');
}
