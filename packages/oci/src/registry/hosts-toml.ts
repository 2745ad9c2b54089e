/** containerd's `<hostsDir>/<host>/hosts.toml`: which servers answer for a registry, and how to reach them. */
import {readFile} from 'node:fs/promises';
import {dirname, isAbsolute, join} from 'node:path';
import {rootCertificates} from 'node:tls';
import {EngineError, messageOf} from '@longshore/errdefs';
import {parse} from 'smol-toml';
import type {Capability, Endpoint} from './endpoints.ts';
import type {TlsOptions} from './http-client.ts';

type Table = Record<string, unknown>;

const capabilities = new Set<Capability>(['pull', 'resolve', 'push']);
const knownKeys = new Set(['capabilities', 'ca', 'client', 'skip_verify', 'header', 'override_path', 'dial_timeout']);

/**
 * Servers for a registry, the mirrors first; undefined when there is no file for it. Throws `invalid-argument` for a
 * file that cannot be understood.
 */
export async function loadHostsToml(hostsDir: string, domain: string): Promise<Endpoint[] | undefined> {
  for (const name of directoryNames(domain)) {
    const path = join(hostsDir, name, 'hosts.toml');
    const text = await readIfExists(path);
    if (text !== undefined) return await parseHosts(text, path, domain);
  }
  return undefined;
}

/** `host:port`, the form with underscores for file systems without colons, and `_default`. */
function directoryNames(domain: string): string[] {
  const [host, port] = domain.split(':');
  return port === undefined ? [domain, '_default'] : [domain, `${host}_${port}_`, '_default'];
}

async function parseHosts(text: string, path: string, domain: string): Promise<Endpoint[]> {
  let root: Table;
  try {
    root = parse(text) as Table;
  } catch (error) {
    throw new EngineError('invalid-argument', `cannot parse "${path}": ${messageOf(error)}`, {cause: error});
  }
  const endpoints: Endpoint[] = [];
  for (const [server, value] of Object.entries((root.host as Table | undefined) ?? {})) {
    endpoints.push(await parseEndpoint(server, value as Table, path));
  }
  const {host: _host, server, ...own} = root;
  endpoints.push(await parseEndpoint(typeof server === 'string' ? server : `https://${domain}`, own, path));
  return endpoints;
}

async function parseEndpoint(server: string, table: Table, path: string): Promise<Endpoint> {
  const fail = (reason: string) => new EngineError('invalid-argument', `"${path}": ${server}: ${reason}`);
  const unknown = Object.keys(table).find(key => !knownKeys.has(key));
  if (unknown !== undefined) throw fail(`unknown key "${unknown}"`);
  let url: URL;
  try {
    url = new URL(server.includes('://') ? server : `https://${server}`);
  } catch {
    throw fail('is not a URL');
  }
  const given = table.capabilities as Capability[] | undefined;
  const wrong = given?.find(capability => !capabilities.has(capability));
  if (wrong !== undefined) throw fail(`unknown capability "${wrong}"`);
  const base = url.pathname.replace(/\/+$/, '');
  return {
    url: new URL(
      table.override_path ? url.origin + base : `${url.origin}${base.endsWith('/v2') ? base : `${base}/v2`}`,
    ),
    capabilities: new Set(given ?? capabilities),
    tls: await readTls(table, dirname(path)),
    headers: readHeaders(table.header as Table | undefined),
    plainFallback: false,
  };
}

async function readTls(table: Table, directory: string): Promise<TlsOptions> {
  const read = (name: unknown) => {
    const file = String(name);
    return readFile(isAbsolute(file) ? file : join(directory, file), 'utf8');
  };
  const tls: TlsOptions = {skipVerify: table.skip_verify === true};
  const authorities = table.ca === undefined ? [] : [table.ca].flat();
  if (authorities.length > 0) tls.ca = [...rootCertificates, ...(await Promise.all(authorities.map(read)))];
  const client = [table.client ?? []].flat(2);
  if (client[0] !== undefined) tls.cert = await read(client[0]);
  if (client[0] !== undefined) tls.key = await read(client[1] ?? client[0]);
  return tls;
}

function readHeaders(table: Table | undefined): Record<string, string> {
  const entries = Object.entries(table ?? {});
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), [value].flat().join(', ')]));
}

async function readIfExists(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
