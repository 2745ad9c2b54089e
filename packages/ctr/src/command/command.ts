/** What a command of ctr is: a group of further commands, or a leaf that is loaded when it is run. */
import type {CallContext} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import type {FlagValues} from './flag-values.ts';

export type FlagType = 'bool' | 'text' | 'list' | 'integer' | 'float' | 'duration';

export interface Flag {
  name: string;
  /** One-letter and other names of the same flag. */
  aliases?: string[];
  type: FlagType;
  usage: string;
  default?: string;
  /** Environment variable that gives the value when the flag is not there. */
  env?: string;
  /** Set for a flag of the original that does nothing here: its use is an error with this reason. */
  unsupported?: string;
}

/** What a leaf gets to work with. */
export interface Invocation {
  ctx: CallContext;
  /** Dials at its first call. */
  client: ContainerdClient;
  /** Path of containerd's socket, as given. */
  address: string;
  flags: FlagValues;
  args: string[];
  /** Writes to standard output. */
  print(text: string): void;
  /** Writes a warning to standard error in containerd's log format. */
  warn(message: string): void;
  /** Writes there what went wrong with one of several objects. */
  logError(message: string, error: unknown): void;
}

export interface Leaf {
  /** Arguments as the help shows them: `[flags] CONTAINER`. */
  usage: string;
  description?: string;
  flags: Flag[];
  /** Gives the exit code when it is a number, else it is 0. */
  run(invocation: Invocation): Promise<unknown>;
}

export type CommandEntry = {names: [string, ...string[]]; summary: string} & (
  | {load: () => Promise<{default: Leaf}>}
  | {commands: CommandEntry[] /** Given between the group's name and the command's. */; flags?: Flag[]}
);

/** Helpers to declare flags in one line each. */
export const bool = (name: string, usage: string, ...aliases: string[]): Flag => ({name, aliases, type: 'bool', usage});
export const text = (name: string, usage: string, ...aliases: string[]): Flag => ({name, aliases, type: 'text', usage});
export const list = (name: string, usage: string, ...aliases: string[]): Flag => ({name, aliases, type: 'list', usage});

export function unsupported(reason: string, ...flags: Flag[]): Flag[] {
  return flags.map(flag => ({...flag, unsupported: reason}));
}
