/** containerd's `<hostsDir>/<host>/hosts.toml`: which servers answer for a registry, and how to reach them. */
import {readFile, stat} from 'node:fs/promises';
import {delimiter, isAbsolute, join} from 'node:path';
import {rootCertificates} from 'node:tls';
import {EngineError, messageOf} from '@longshore/errdefs';
import {parse} from 'smol-toml';
import {registryHost} from '../reference.ts';
import {loadCertificates} from './certificates.ts';
import type {Capability, Endpoint} from './endpoints.ts';
import type {TlsOptions} from './http-client.ts';

type Table = Record<string, unknown>;

/** Where a table stands, and what holds for a server that it says nothing about. */
type Place = {path: string; directory: string; domain: string; own: Endpoint};

const capabilities = new Set<Capability>(['pull', 'resolve', 'push']);
const knownKeys = new Set(['capabilities', 'ca', 'client', 'skip_verify', 'header', 'override_path', 'dial_timeout']);
const secondsIn: Readonly<Record<string, number>> = {ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600};

/**
 * Servers for a registry, the mirrors first; undefined when no directory is there for it. `own` is the registry itself
 * as it would be reached without. A directory without `hosts.toml` may have certificates in Docker's manner. Throws
 * `invalid-argument` for what cannot be understood.
 */
export async function loadHostsDirectory(
  hostsDirs: string,
  domain: string,
  own: Endpoint,
): Promise<Endpoint[] | undefined> {
  for (const hostsDir of hostsDirs.split(delimiter).filter(Boolean)) {
    for (const name of directoryNames(domain)) {
      const directory = join(hostsDir, name);
      if (!(await exists(directory))) continue;
      const path = join(directory, 'hosts.toml');
      const text = await readIfExists(path);
      if (text?.trim()) return await parseHosts(text, {path, directory, domain, own});
      return [{...own, tls: {...own.tls, ...(await loadCertificates(directory))}}];
    }
  }
  return undefined;
}

/** The form with underscores for file systems without colons, `host:port`, and `_default`. */
function directoryNames(domain: string): string[] {
  const colon = domain.lastIndexOf(':');
  if (colon <= 0) return [domain, '_default'];
  return [`${domain.slice(0, colon)}_${domain.slice(colon + 1)}_`, domain, '_default'];
}

async function parseHosts(text: string, place: Place): Promise<Endpoint[]> {
  let root: Table;
  try {
    root = parse(text) as Table;
  } catch (error) {
    throw new EngineError('invalid-argument', `cannot parse "${place.path}": ${messageOf(error)}`, {cause: error});
  }
  const {host = {}, server = '', ...own} = root;
  if (!isTable(host)) throw fault(place, 'host', 'must be a table');
  if (typeof server !== 'string') throw fault(place, 'server', 'must be a string');
  const endpoints: Endpoint[] = [];
  for (const [url, table] of Object.entries(host)) {
    if (!isTable(table)) throw fault(place, url, 'must be a table');
    endpoints.push(await parseEndpoint(url, table, place));
  }
  endpoints.push(await parseEndpoint(server, own, place));
  return endpoints;
}

async function parseEndpoint(server: string, table: Table, place: Place): Promise<Endpoint> {
  const unknown = Object.keys(table).find(key => !knownKeys.has(key));
  if (unknown !== undefined) throw fault(place, server, `unknown key "${unknown}"`);
  const {own, domain} = place;
  const tls = await readTls(server, table, place);
  const common = {
    tls: {...own.tls, ...tls},
    headers: {...own.headers, ...readHeaders(server, table.header, place)},
    ...dialTimeout(server, table.dial_timeout, place),
  };
  // Without a name it is the registry itself, which can do everything.
  if (server === '') return {...own, ...common};
  const url = serverUrl(server, table.override_path === true, place);
  const isTlsSet = tls.ca !== undefined || tls.cert !== undefined || table.skip_verify !== undefined;
  // With settings for TLS it is tried first, whatever the file says; port 80 is plain for sure.
  const plainFallback = url.protocol === 'http:' && isTlsSet && url.port !== '';
  return {
    url: plainFallback ? new URL(`https:${url.href.slice('http:'.length)}`) : url,
    capabilities: readCapabilities(server, table.capabilities, place),
    ...common,
    tls: {...common.tls, skipVerify: tls.skipVerify ?? false},
    plainFallback,
    ...(url.host === registryHost(domain) ? {} : {mirrorOf: domain}),
  };
}

function serverUrl(server: string, overridePath: boolean, place: Place): URL {
  let url: URL;
  try {
    url = new URL(server.startsWith('http') ? server : `https://${server}`);
  } catch {
    throw fault(place, server, 'is not a URL');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw fault(place, server, 'is neither http nor https');
  const base = url.pathname.replace(/\/+$/, '');
  return new URL(overridePath || base.endsWith('/v2') ? url.origin + base : `${url.origin}${base}/v2`);
}

function readCapabilities(server: string, given: unknown, place: Place): ReadonlySet<Capability> {
  if (given === undefined) return capabilities;
  const names = strings(given);
  if (!names) throw fault(place, server, '"capabilities" must be a list of strings');
  const wrong = names.find(name => !capabilities.has(name.toLowerCase() as Capability));
  if (wrong !== undefined) throw fault(place, server, `unknown capability "${wrong}"`);
  return names.length === 0 ? capabilities : new Set(names.map(name => name.toLowerCase() as Capability));
}

async function readTls(server: string, table: Table, place: Place): Promise<TlsOptions> {
  const {ca, client, skip_verify: skipVerify} = table;
  if (skipVerify !== undefined && typeof skipVerify !== 'boolean') {
    throw fault(place, server, '"skip_verify" must be true or false');
  }
  const read = async (file: string) => {
    try {
      return await readFile(isAbsolute(file) ? file : join(place.directory, file), 'utf8');
    } catch (error) {
      throw fault(place, server, `cannot read "${file}": ${messageOf(error)}`);
    }
  };
  const tls: TlsOptions = skipVerify === undefined ? {} : {skipVerify};
  if (ca !== undefined) {
    const files = strings(ca);
    if (!files) throw fault(place, server, '"ca" must be a string or a list of strings');
    tls.ca = [...rootCertificates, ...(await Promise.all(files.map(read)))];
  }
  const pairs = clientPairs(server, client, place);
  if (pairs.length > 0) {
    tls.cert = await Promise.all(pairs.map(([certificate]) => read(certificate)));
    tls.key = await Promise.all(pairs.map(([certificate, key]) => read(key ?? certificate)));
  }
  return tls;
}

/** One file with certificate and key, a list of such, or a list of pairs. */
function clientPairs(server: string, given: unknown, place: Place): [certificate: string, key?: string][] {
  if (given === undefined) return [];
  const list = typeof given === 'string' ? [given] : given;
  if (!Array.isArray(list)) throw fault(place, server, '"client" must be a string or a list');
  return list.map(item => {
    if (typeof item === 'string') return [item];
    const pair = strings(item);
    if (pair?.length !== 2) throw fault(place, server, 'invalid pair for "client"');
    return [pair[0] as string, pair[1] as string];
  });
}

function readHeaders(server: string, given: unknown, place: Place): Record<string, string> {
  if (given !== undefined && !isTable(given)) throw fault(place, server, '"header" must be a table');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given ?? {})) {
    const values = strings(value);
    if (!values) throw fault(place, server, `invalid value for header "${name}"`);
    headers[name.toLowerCase()] = values.join(', ');
  }
  return headers;
}

/** A duration as Go writes it: `500ms`, `1m30s`. */
function dialTimeout(server: string, given: unknown, place: Place): {dialTimeoutMs?: number} {
  if (given === undefined || given === '') return {};
  const text = String(given);
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) throw fault(place, server, `bad "dial_timeout" "${text}"`);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  return {dialTimeoutMs: 1000 * parts.reduce((sum, [, n, unit = 's']) => sum + Number(n) * (secondsIn[unit] ?? 1), 0)};
}

function strings(value: unknown): string[] | undefined {
  const list = typeof value === 'string' ? [value] : value;
  return Array.isArray(list) && list.every(item => typeof item === 'string') ? list : undefined;
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fault({path}: Place, subject: string, reason: string): EngineError {
  return new EngineError('invalid-argument', `"${path}": ${subject || 'server'}: ${reason}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function readIfExists(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}
