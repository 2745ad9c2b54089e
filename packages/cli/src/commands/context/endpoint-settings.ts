/** `--docker host=tcp://h:2376,ca=…,cert=…,key=…`: the endpoint of a stored context. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Cli} from '../../cli.ts';
import {type ContextMetadata, contextPaths, readContext} from '../../client/context-store.ts';
import {defaultHost, parseEndpoint} from '../../client/endpoint.ts';
import {CliError} from '../../command/errors.ts';
import {flag, splitPair} from '../../command/flags.ts';

export const dockerFlag = flag.custom<Record<string, string>>(
  'stringToString',
  'set the docker endpoint',
  (previous, text) => {
    for (const pair of text.split(',')) {
      if (!pair.includes('=')) throw new Error(`${pair} must be formatted as key=value`);
      Object.assign(previous, Object.fromEntries([splitPair(pair)]));
    }
    return previous;
  },
  {initial: {}, shown: '[]'},
);

export const endpointHelp =
  'Docker endpoint config:\n\nNAME                DESCRIPTION\n' +
  "from                Copy named context's Docker endpoint configuration\n" +
  'host                Docker endpoint on which to connect\n' +
  'ca                  Trust certs signed only by this CA\n' +
  'cert                Path to TLS certificate file\n' +
  'key                 Path to TLS key file\n' +
  'skip-tls-verify     Skip TLS certificate validation';

export interface EndpointSettings {
  endpoint: {Host: string; SkipTLSVerify: boolean};
  tls: Record<string, Buffer>;
}

const keys = ['from', 'host', 'ca', 'cert', 'key', 'skip-tls-verify'];

/** Throws CliError for settings that make no endpoint. */
export function endpointSettings(cli: Cli, settings: Record<string, string>): EndpointSettings {
  const unknown = Object.keys(settings).filter(key => !keys.includes(key));
  if (unknown.length > 0) {
    throw new CliError(`unable to create docker endpoint config: unrecognized config key: ${unknown.join(', ')}`);
  }
  if (settings.from) return copyEndpoint(cli, settings.from);
  const host = settings.host || defaultHost;
  try {
    parseEndpoint(host, undefined);
  } catch (error) {
    throw new CliError(`unable to create docker endpoint config: ${(error as Error).message}`);
  }
  const tls: Record<string, Buffer> = {};
  for (const name of ['ca', 'cert', 'key'] as const) if (settings[name]) tls[name] = read(settings[name]);
  return {endpoint: {Host: host, SkipTLSVerify: settings['skip-tls-verify'] === 'true'}, tls};
}

/** The endpoint of another context, its certificates included. */
export function copyEndpoint(cli: Cli, name: string): EndpointSettings {
  if (name === 'default') return {endpoint: {Host: cli.client.endpoint.url, SkipTLSVerify: false}, tls: {}};
  const context = readContext(cli.configDirectory, name);
  const docker = context.Endpoints.docker ?? {};
  const directory = join(contextPaths(cli.configDirectory, context.id).tls, 'docker');
  const tls: Record<string, Buffer> = {};
  for (const file of ['ca', 'cert', 'key']) {
    try {
      tls[file] = readFileSync(join(directory, `${file}.pem`));
    } catch {
      // most contexts have none
    }
  }
  return {endpoint: {Host: docker.Host ?? defaultHost, SkipTLSVerify: docker.SkipTLSVerify ?? false}, tls};
}

function read(path: string): Buffer {
  try {
    return readFileSync(path.replace(/^~(?=\/)/, process.env.HOME ?? '~'));
  } catch {
    throw new CliError(`unable to create docker endpoint config: open ${path}: no such file or directory`);
  }
}

/** Throws CliError for a name no context may have. */
export function checkContextName(name: string): void {
  if (name === 'default') throw new CliError('"default" is a reserved context name');
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/.test(name)) return;
  throw new CliError(
    `context name ${JSON.stringify(name)} is invalid, names are validated against regexp "^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$"`,
  );
}

export function metadata(name: string, description: string, {endpoint}: EndpointSettings): ContextMetadata {
  return {Name: name, Metadata: description ? {Description: description} : {}, Endpoints: {docker: endpoint}};
}
