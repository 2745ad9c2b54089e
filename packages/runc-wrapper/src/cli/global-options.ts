/** Options before the command. They mean for the native commands what the runtime takes them for. */
import {readFileSync} from 'node:fs';

import {resolve} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import type {Flag, ParsedArguments} from './flags.ts';

export const globalFlags: readonly Flag[] = [
  {names: ['debug'], kind: 'boolean', help: 'log at debug level too'},
  {names: ['log'], kind: 'string', help: 'file that errors are appended to (standard error if not given)'},
  {names: ['log-format'], kind: 'string', help: "form of the log's lines: text or json", default: 'text'},
  {
    names: ['root'],
    kind: 'string',
    help: "directory of the containers' state; belongs on a tmpfs",
    default: '/run/runc',
  },
  {names: ['criu'], kind: 'string', help: 'path of criu, for runtimes that take it', hidden: true},
  {
    names: ['systemd-cgroup'],
    kind: 'boolean',
    help: 'let systemd make the cgroups; cgroupsPath is then "slice:prefix:name", as "system.slice:runc:434234"',
  },
  {
    names: ['rootless'],
    kind: 'string',
    help: 'ignore cgroup permission errors: true, false, or auto',
    default: 'auto',
  },
  {
    names: ['runtime-binary'],
    kind: 'string',
    help: 'OCI runtime that creates containers: a path, or a name looked up in PATH (default: runc, else crun)',
  },
  {names: ['help', 'h'], kind: 'boolean', help: 'show help'},
  {names: ['version', 'v'], kind: 'boolean', help: 'print the version'},
];

export interface GlobalOptions {
  debug: boolean;
  /** Undefined: standard error. */
  log: string | undefined;
  logFormat: 'text' | 'json';
  /** Absolute. */
  root: string;
  criu: string | undefined;
  systemdCgroup: boolean;
  /** The runtime judges it. Undefined when not given: some runtimes have no such option. */
  rootless: string | undefined;
  runtimeBinary: string | undefined;
}

type Environment = Record<string, string | undefined>;

/** Throws invalid-argument with runc's texts. */
export function globalOptions(args: ParsedArguments, env: Environment): GlobalOptions {
  const logFormat = args.text('log-format');
  if (logFormat !== 'text' && logFormat !== 'json')
    throw new EngineError('invalid-argument', `invalid log-format: ${logFormat}`);
  return {
    debug: args.boolean('debug'),
    log: args.text('log') || undefined,
    logFormat,
    root: rootOption(args.has('root') ? args.text('root') : undefined, env),
    criu: args.text('criu'),
    systemdCgroup: args.boolean('systemd-cgroup'),
    rootless: args.has('rootless') ? args.text('rootless') : undefined,
    runtimeBinary: args.text('runtime-binary') || undefined,
  };
}

function rootOption(given: string | undefined, env: Environment): string {
  const root = given ? resolve(given) : defaultRoot(env);
  if (root === '/') throw new EngineError('invalid-argument', 'option --root argument should not be set to /');
  return root;
}

/** Somebody who is not the machine's root has a state directory of their own. */
function defaultRoot(env: Environment): string {
  const {XDG_RUNTIME_DIR: own} = env;
  return own && !isMachineRoot(env) ? `${own}/runc` : '/run/runc';
}

/** Root of a user namespace that an ordinary user made is that user, unless it says that it plays root (`USER`). */
function isMachineRoot(env: Environment): boolean {
  if (process.geteuid!() !== 0) return false;
  const identity = /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'latin1'));
  return identity || env.USER === 'root';
}
