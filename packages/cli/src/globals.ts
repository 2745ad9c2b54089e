/** The flags before the command: which engine, which configuration. */
import {join} from 'node:path';
import {configDirectory} from './client/config-file.ts';
import type {EndpointOptions} from './client/endpoint.ts';
import {parseArgv} from './command/argv.ts';
import {UsageError} from './command/errors.ts';
import {type FlagSpecs, type FlagValues, flag} from './command/flags.ts';

/** Paths in the help depend on the environment, so the flags are made on demand. */
export function globalFlags() {
  const directory = configDirectory('');
  const certificates = process.env.DOCKER_CERT_PATH || directory;
  const path = (text: string) => ({shown: JSON.stringify(text)});
  return {
    config: flag.string('Location of client config files', path(directory)),
    context: flag.string(
      'Name of the context to use to connect to the daemon (overrides DOCKER_HOST env var and default context set with "docker context use")',
      {char: 'c'},
    ),
    debug: flag.bool('Enable debug mode', {char: 'D'}),
    host: flag.list('Daemon socket to connect to', {char: 'H'}),
    'log-level': flag.string('Set the logging level ("debug", "info", "warn", "error", "fatal")', {
      char: 'l',
      initial: 'info',
    }),
    tls: flag.bool('Use TLS; implied by --tlsverify'),
    tlscacert: flag.string('Trust certs signed only by this CA', path(join(certificates, 'ca.pem'))),
    tlscert: flag.string('Path to TLS certificate file', path(join(certificates, 'cert.pem'))),
    tlskey: flag.string('Path to TLS key file', path(join(certificates, 'key.pem'))),
    tlsverify: flag.bool('Use TLS and verify the remote'),
    version: flag.bool('Print version information and quit', {char: 'v'}),
  } satisfies FlagSpecs;
}

export interface Globals extends EndpointOptions {
  isDebug: boolean;
  wantsVersion: boolean;
  wantsHelp: boolean;
  /** The command and what follows it. */
  rest: string[];
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'warning', 'error', 'fatal', 'panic'];

/** Throws UsageError for a flag that does not exist or has a bad value. */
export function parseGlobals(argv: readonly string[]): Globals {
  let parsed: {flags: FlagValues<ReturnType<typeof globalFlags>>; args: string[]; help: boolean};
  try {
    parsed = parseArgv(globalFlags(), argv, {interspersed: false});
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const usage = 'Usage:  docker [OPTIONS] COMMAND [ARG...]';
    throw new UsageError(`${error.message}\n\n${usage}\n\nRun 'docker --help' for more information`, error.exitCode);
  }
  const {flags, args, help} = parsed;
  if (!logLevels.includes(flags['log-level'].toLowerCase())) {
    throw new UsageError(`Unable to parse logging level: ${flags['log-level']}`, 1);
  }
  const {config, context, host, tls, tlscacert, tlscert, tlskey, tlsverify} = flags;
  const endpoint = {config, context, host, tls, tlscacert, tlscert, tlskey, tlsverify};
  return {...endpoint, isDebug: flags.debug, wantsVersion: flags.version, wantsHelp: help, rest: args};
}
