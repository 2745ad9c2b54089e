/** Flags of the commands that talk to a registry, and the client that they describe. */
import {readFileSync} from 'node:fs';
import {rootCertificates} from 'node:tls';
import {EngineError, messageOf} from '@longshore/errdefs';
import {type HttpDebug, openRegistry, type RegistryCredentials} from '@longshore/oci';
import {bool, type Flag, text, unsupported} from './command/command.ts';
import {UsageError} from './command/errors.ts';
import type {FlagValues} from './command/flag-values.ts';
import {askPassword} from './format/ask-password.ts';

export const registryFlags: Flag[] = [
  bool('skip-verify', 'Skip SSL certificate validation', 'k'),
  bool('plain-http', 'Allow connections using plain HTTP'),
  text('user', 'User[:password] Registry user and password', 'u'),
  text('refresh', 'Refresh token for authorization server'),
  text('hosts-dir', 'Custom hosts configuration directory'),
  text('tlscacert', 'Path to TLS root CA'),
  text('tlscert', 'Path to TLS client certificate'),
  text('tlskey', 'Path to TLS client key'),
  bool('http-dump', 'Dump all HTTP request/responses when interacting with container registry'),
  bool('http-trace', 'Enable HTTP tracing for registry interactions'),
];

/** Those that only a client of its own can follow: a transfer has no room for them. */
export const localRegistryFlags = ['skip-verify', 'tlscacert', 'tlscert', 'tlskey'] as const;

/** Whether manifests and configurations of platforms that are not fetched come along. */
export function wantsAllMetadata(flags: FlagValues): boolean {
  if (flags.bool('skip-metadata') && flags.bool('all-metadata')) {
    throw new UsageError('cannot specify both --skip-metadata and --all-metadata', false);
  }
  return !flags.bool('skip-metadata');
}

/** For commands that have them in the original, where they do nothing. */
export function unusedRegistryFlags(): Flag[] {
  return unsupported('this command asks no registry', ...registryFlags);
}

/** Throws for flags that need `--local` where that is not given. */
export function refuseWithoutLocal(flags: FlagValues, names: readonly string[]): void {
  const given = names.find(name => flags.has(name));
  if (given !== undefined) throw new UsageError(`"--${given}" requires "--local" flag`, false);
}

/** What `--user` and `--refresh` say; a password that is missing is asked for on a terminal. */
export async function credentialsOf(flags: FlagValues): Promise<RegistryCredentials | undefined> {
  const refresh = flags.text('refresh');
  if (refresh) return {identityToken: refresh};
  const user = flags.text('user');
  if (user === '') return undefined;
  const colon = user.indexOf(':');
  if (colon >= 0) return {username: user.slice(0, colon), password: user.slice(colon + 1)};
  return {username: user, password: await askPassword('Password: ')};
}

export async function registryOf(flags: FlagValues): Promise<ReturnType<typeof openRegistry>> {
  const credentials = await credentialsOf(flags);
  const hostsDir = flags.text('hosts-dir');
  const debug = httpDebugOf(flags);
  return openRegistry({
    credentials: async () => credentials,
    plainHttp: flags.bool('plain-http'),
    skipVerify: flags.bool('skip-verify'),
    tls: tlsOf(flags),
    ...(debug ? {debug} : {}),
    ...(hostsDir ? {hostsDir} : {}),
  });
}

/** Undefined when neither `--http-dump` nor `--http-trace` is given. What they show goes to standard error. */
export function httpDebugOf(flags: FlagValues): HttpDebug | undefined {
  const [dump, trace] = [flags.bool('http-dump'), flags.bool('http-trace')];
  return dump || trace ? {dump, trace, write: text => process.stderr.write(text)} : undefined;
}

function tlsOf(flags: FlagValues): {ca?: string[]; cert?: string; key?: string} {
  const [ca, cert, key] = ['tlscacert', 'tlscert', 'tlskey'].map(name => flags.text(name));
  if (!cert !== !key) throw new UsageError('--tlscert and --tlskey go together', false);
  return {
    ...(ca ? {ca: [...rootCertificates, read(ca)]} : {}),
    ...(cert && key ? {cert: read(cert), key: read(key)} : {}),
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new EngineError('not-found', `cannot read "${file}": ${messageOf(error)}`, {cause: error});
  }
}
