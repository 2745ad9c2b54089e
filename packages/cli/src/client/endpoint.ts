/** Where the engine is: from -H, DOCKER_HOST, a context, or the default socket, in Docker's order. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {CliError} from '../command/errors.ts';
import {type ConfigFile, configDirectory} from './config-file.ts';
import {readContext} from './context-store.ts';

export interface TlsMaterial {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  /** False: any certificate of the server is accepted. */
  verify: boolean;
}

export type Transport =
  | {kind: 'unix'; path: string}
  | {kind: 'tcp'; host: string; port: number; tls?: TlsMaterial}
  | {kind: 'ssh'; destination: string; args: string[]};

export interface Endpoint {
  /** As the user knows it: `unix:///var/run/docker.sock`. */
  url: string;
  transport: Transport;
  /** Path in front of every request, of a `tcp://host:port/path` address. */
  basePath: string;
}

/** The flags before the command that say where the engine is. */
export interface EndpointOptions {
  host: string[];
  context: string;
  config: string;
  tls: boolean;
  tlsverify: boolean;
  tlscacert: string;
  tlscert: string;
  tlskey: string;
}

export const defaultHost = 'unix:///var/run/docker.sock';

/** Name of the context in use; `default` stands for -H, DOCKER_HOST or the default socket. */
export function currentContextName(options: EndpointOptions, config: ConfigFile): string {
  if (options.context) return options.context;
  if (options.host.length > 0 || process.env.DOCKER_HOST) return 'default';
  return process.env.DOCKER_CONTEXT || config.currentContext || 'default';
}

/** Throws CliError when the address cannot be used. */
export function resolveEndpoint(options: EndpointOptions, config: ConfigFile): Endpoint {
  try {
    if (options.host.length > 1) throw new Error('Specify only one -H');
    if (options.host.length > 0 && options.context) {
      throw new Error('conflicting options: cannot specify both --host and --context');
    }
    const name = currentContextName(options, config);
    if (name !== 'default') return contextEndpoint(name, options);
    const host = options.host[0] ?? process.env.DOCKER_HOST ?? '';
    return parseEndpoint(host || defaultHost, flagTls(options));
  } catch (error) {
    throw new CliError(`Failed to initialize: unable to resolve docker endpoint: ${(error as Error).message}`);
  }
}

function contextEndpoint(name: string, options: EndpointOptions): Endpoint {
  const directory = configDirectory(options.config);
  const context = readContext(directory, name);
  const docker = context.Endpoints?.docker;
  if (!docker?.Host) return parseEndpoint(defaultHost, undefined);
  const read = (file: string) => readIfThere(join(directory, 'contexts/tls', context.id, 'docker', `${file}.pem`));
  const files = {ca: read('ca'), cert: read('cert'), key: read('key')};
  const isTls = files.ca || files.cert || docker.SkipTLSVerify;
  return parseEndpoint(docker.Host, isTls ? {...defined(files), verify: !docker.SkipTLSVerify} : undefined);
}

/** Reads `unix:///path`, `tcp://host:port/path`, `host:port`, `ssh://user@host`. */
export function parseEndpoint(host: string, tls: TlsMaterial | undefined): Endpoint {
  const [, scheme = 'tcp', rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/.exec(host) ?? [];
  if (scheme === 'unix') {
    const path = rest || '/var/run/docker.sock';
    return {url: `unix://${path}`, transport: {kind: 'unix', path}, basePath: ''};
  }
  if (scheme === 'ssh') {
    const url = new URL(host);
    const destination = url.username ? `${url.username}@${url.hostname}` : url.hostname;
    return {url: host, transport: {kind: 'ssh', destination, args: url.port ? ['-p', url.port] : []}, basePath: ''};
  }
  if (scheme === 'npipe') throw new Error('protocol not available');
  if (scheme !== 'tcp') throw new Error(`invalid bind address format: ${host}`);
  return tcpEndpoint(rest, host, tls);
}

function tcpEndpoint(address: string, given: string, tls: TlsMaterial | undefined): Endpoint {
  const match = /^(\[[^\]]+\]|[^:/]*)(?::(\d+))?(\/.*)?$/.exec(address);
  if (!match) throw new Error(`invalid bind address format: ${given}`);
  const host = (match[1] || 'localhost').replace(/^\[|\]$/g, '');
  const port = Number(match[2] ?? (tls ? 2376 : 2375));
  const shownHost = host.includes(':') ? `[${host}]` : host;
  const basePath = (match[3] ?? '').replace(/\/$/, '');
  return {
    url: `tcp://${shownHost}:${port}${basePath}`,
    transport: {kind: 'tcp', host, port, ...(tls && {tls})},
    basePath,
  };
}

/** TLS as asked for by flags or DOCKER_TLS, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH. */
function flagTls(options: EndpointOptions): TlsMaterial | undefined {
  const verify = options.tlsverify || !!process.env.DOCKER_TLS_VERIFY;
  if (!verify && !options.tls && !process.env.DOCKER_TLS) return undefined;
  const directory = process.env.DOCKER_CERT_PATH || configDirectory(options.config);
  const read = (given: string, file: string, isNeeded: boolean) =>
    given || isNeeded ? readOrThrow(given || join(directory, file)) : readIfThere(join(directory, file));
  const files = {
    ca: read(options.tlscacert, 'ca.pem', verify),
    cert: read(options.tlscert, 'cert.pem', false),
    key: read(options.tlskey, 'key.pem', false),
  };
  return {...defined(files), verify};
}

function readOrThrow(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw new Error(`open ${path}: no such file or directory`);
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function defined<T extends object>(object: T): {[K in keyof T]?: NonNullable<T[K]>} {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
