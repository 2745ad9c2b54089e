/** `config.json` of the user: credentials, headers, default formats. Unknown keys are kept when it is written. */
import {chmodSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync} from 'node:fs';
import {homedir} from 'node:os';
import {join} from 'node:path';
import {CliError} from '../command/errors.ts';

export interface AuthEntry {
  /** base64 of `user:password`. */
  auth?: string;
  identitytoken?: string;
  registrytoken?: string;
}

export interface ProxyConfig {
  httpProxy?: string;
  httpsProxy?: string;
  noProxy?: string;
  ftpProxy?: string;
  allProxy?: string;
}

export interface ConfigFile {
  auths?: Record<string, AuthEntry>;
  credsStore?: string;
  credHelpers?: Record<string, string>;
  HttpHeaders?: Record<string, string>;
  psFormat?: string;
  imagesFormat?: string;
  networksFormat?: string;
  volumesFormat?: string;
  statsFormat?: string;
  detachKeys?: string;
  currentContext?: string;
  pruneFilters?: string[];
  proxies?: Record<string, ProxyConfig>;
  aliases?: Record<string, string>;
  cliPluginsExtraDirs?: string[];
  plugins?: Record<string, Record<string, string>>;
}

/** `--config`, $DOCKER_CONFIG, or ~/.docker. */
export function configDirectory(given: string): string {
  return given || process.env.DOCKER_CONFIG || join(homedir(), '.docker');
}

/** An absent file is an empty configuration; one that is no JSON is a warning, as Docker has it. */
export function loadConfigFile(directory: string, warn: (text: string) => void): ConfigFile {
  const path = join(directory, 'config.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR')
      return {};
    warn(`WARNING: Error loading config file: open ${path}: ${reason(error)}`);
    return {};
  }
  try {
    return JSON.parse(text) as ConfigFile;
  } catch (error) {
    warn(`WARNING: Error loading config file: ${path}: ${(error as Error).message}`);
    return {};
  }
}

/** Writes the file whole or not at all, readable by its owner only, through a symbolic link if it is one. */
export function saveConfigFile(directory: string, config: ConfigFile): void {
  const path = join(directory, 'config.json');
  mkdirSync(directory, {recursive: true, mode: 0o700});
  let target = path;
  try {
    target = realpathSync(path);
  } catch {
    // not there yet
  }
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, JSON.stringify(config, undefined, '\t'), {mode: 0o600});
    chmodSync(temporary, 0o600);
    renameSync(temporary, target);
  } catch (error) {
    throw new CliError(`Error saving credentials: ${(error as Error).message}`);
  }
}

function reason(error: unknown): string {
  return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'permission denied' : (error as Error).message;
}
