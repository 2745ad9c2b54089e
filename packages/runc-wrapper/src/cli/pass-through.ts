/** Commands that are the runtime's own: it gets the command line as it was written, and our place. */
import {basename} from 'node:path';
import {spawnAndWait} from '../spawn.ts';
import type {CommandContext} from './command.ts';
import type {GlobalOptions} from './global-options.ts';
import {replaceProcess} from './replace-process.ts';
import {findRuntime} from './runtime-binary.ts';

/** Never returns: the runtime's exit code is ours. Its argv[0] is seen in the process list, as `runc init`. */
export function passToRuntime(context: CommandContext, command: string): never {
  const {globals, rawArguments} = context;
  const path = findRuntime(globals.runtimeBinary);
  replaceProcess(path, [basename(path), ...runtimeGlobals(globals), command, ...rawArguments], process.env);
}

/** Runs the runtime as a child with all that the caller gave us, for commands that have something to do after it. */
export async function runRuntime(context: CommandContext, command: string, args: readonly string[]): Promise<number> {
  const {globals} = context;
  const path = findRuntime(globals.runtimeBinary);
  const inherited = Number(process.env.LISTEN_FDS ?? 0) + Number(context.args.text('preserve-fds') ?? 0);
  const {exitStatus} = await spawnAndWait({
    path,
    argv: [basename(path), ...runtimeGlobals(globals), command, ...args],
    env: process.env,
    fds: Array.from({length: 3 + inherited}, (_, fd) => fd),
  });
  return exitStatus;
}

/**
 * The global options for the runtime. --root is always among them: the defaults of runtimes differ, and their
 * containers must be where the native commands look. Others only when they were given, for not all know them.
 */
export function runtimeGlobals(globals: GlobalOptions): string[] {
  const args = ['--root', globals.root];
  if (globals.debug) args.push('--debug');
  if (globals.log !== undefined) args.push('--log', globals.log);
  if (globals.logFormat !== 'text') args.push('--log-format', globals.logFormat);
  if (globals.criu !== undefined) args.push('--criu', globals.criu);
  if (globals.systemdCgroup) args.push('--systemd-cgroup');
  if (globals.rootless !== undefined) args.push('--rootless', globals.rootless);
  return args;
}
