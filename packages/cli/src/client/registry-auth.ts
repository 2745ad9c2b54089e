/** Credentials for a registry: from config.json or from a credential helper. */
import {spawn} from 'node:child_process';
import type {AuthConfig} from '@longshore/api/engine';
import type {Cli} from '../cli.ts';
import type {ConfigFile} from './config-file.ts';

/** The name Docker Hub's credentials are kept under. */
export const hubServer = 'https://index.docker.io/v1/';

/** What helpers say when they have nothing. */
const notFoundMessage = 'credentials not found in native keychain';

/** Value of the X-Registry-Auth header for the registry of an image's domain. */
export async function registryAuthHeader(cli: Cli, domain: string): Promise<string> {
  return encodeAuth(await loadCredentials(cli, serverOf(domain)));
}

/** Where a registry's credentials are kept: Docker Hub has a name of its own. */
export function serverOf(domain: string): string {
  return ['docker.io', 'index.docker.io', 'registry-1.docker.io'].includes(domain) ? hubServer : domain;
}

/** base64url of the JSON; an empty object when there are no credentials. */
export function encodeAuth(auth: AuthConfig): string {
  const json = Buffer.from(JSON.stringify(auth)).toString('base64');
  return json.replaceAll('+', '-').replaceAll('/', '_');
}

export async function loadCredentials(cli: Cli, server: string): Promise<AuthConfig> {
  const fromEnvironment = environmentAuths();
  const helper = helperFor(cli.config, server);
  if (fromEnvironment[hostOf(server)] === undefined && helper) return fromHelper(helper, server);
  const auths = {...cli.config.auths, ...fromEnvironment};
  const entry = auths[server] ?? Object.entries(auths).find(([key]) => hostOf(key) === hostOf(server))?.[1];
  if (!entry) return {};
  const {username, password} = decodeAuth(entry.auth ?? '');
  return {
    ...(username && {username}),
    ...(password && {password}),
    serveraddress: server,
    ...(entry.identitytoken && {identitytoken: entry.identitytoken}),
    ...(entry.registrytoken && {registrytoken: entry.registrytoken}),
  };
}

/** $DOCKER_AUTH_CONFIG holds JSON like that of config.json and goes first. */
function environmentAuths(): NonNullable<ConfigFile['auths']> {
  const text = process.env.DOCKER_AUTH_CONFIG;
  if (!text) return {};
  try {
    return (JSON.parse(text) as ConfigFile).auths ?? {};
  } catch (error) {
    throw new Error(`failed to parse DOCKER_AUTH_CONFIG: ${(error as Error).message}`);
  }
}

/** Name of the program `docker-credential-NAME` that keeps this server's credentials. */
export function helperFor(config: ConfigFile, server: string): string | undefined {
  return config.credHelpers?.[hostOf(server)] ?? config.credHelpers?.[server] ?? (config.credsStore || undefined);
}

/** `https://index.docker.io/v1/` → `index.docker.io` */
export function hostOf(server: string): string {
  return server.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}

export function decodeAuth(text: string): {username: string; password: string} {
  const plain = Buffer.from(text, 'base64').toString();
  const at = plain.indexOf(':');
  return at < 0
    ? {username: '', password: ''}
    : {username: plain.slice(0, at), password: plain.slice(at + 1).replace(/\0+$/, '')};
}

async function fromHelper(helper: string, server: string): Promise<AuthConfig> {
  const answer = await runHelper(helper, 'get', server).catch(error => {
    if ((error as Error).message.includes(notFoundMessage)) return undefined;
    throw error;
  });
  if (answer === undefined) return {};
  const {Username, Secret} = JSON.parse(answer) as {Username: string; Secret: string};
  // A user of this name means that the secret is a token.
  return Username === '<token>'
    ? {serveraddress: server, identitytoken: Secret}
    : {username: Username, password: Secret, serveraddress: server};
}

/** Runs a credential helper with one line of input; rejects with what it says when it fails. */
export function runHelper(helper: string, action: 'get' | 'store' | 'erase', input: string): Promise<string> {
  const program = `docker-credential-${helper}`;
  const child = spawn(program, [action], {stdio: ['pipe', 'pipe', 'inherit']});
  let output = '';
  child.stdout.on('data', chunk => {
    output += chunk;
  });
  child.stdin.on('error', () => {}); // a helper that does not read says why on its output
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', error => {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const reason = isMissing ? `exec: "${program}": executable file not found in $PATH` : error.message;
      reject(new Error(`error getting credentials - err: ${reason}, out: \`\``));
    });
    child.on('close', code => {
      if (code === 0) resolve(output);
      else reject(new Error(`error getting credentials - err: exit status ${code}, out: \`${output.trim()}\``));
    });
  });
}
