import type {RuncRuntime} from '../runtime.ts';
import type {Flag, ParsedArguments} from './flags.ts';
import type {GlobalOptions} from './global-options.ts';

/** What a command's `run` gets. */
export interface CommandContext {
  globals: GlobalOptions;
  args: ParsedArguments;
  /** The command's arguments as they were written, for the runtime's own parser. */
  rawArguments: readonly string[];
  /** Made at its first use. */
  runtime: () => RuncRuntime;
  /** Writes an error to the log that does not end the command. */
  logError: (message: string) => void;
  logWarning: (message: string) => void;
}

/** One verb of the command line. */
export interface Command {
  name: string;
  /** One line of the list of commands. */
  summary: string;
  /** Behind the name in the usage line, as `<container-id> [signal]`. */
  argumentsText: string;
  /** Further paragraphs of the help, as they are printed. */
  description: string;
  flags: readonly Flag[];
  /** Least and greatest number of positional arguments. */
  arguments: {min: number; max: number};
  stopAtPositional?: boolean;
  /** Resolves to the exit code. Errors become exit code 1, and are logged. */
  run(context: CommandContext): Promise<number> | number;
}

export const exactlyOne = {min: 1, max: 1} as const;
export const none = {min: 0, max: 0} as const;

export const containerIdText = 'Where "<container-id>" is the name that the container was given when it was created.';
