/** What every command is: an oclif command class whose arguments are read by Docker's rules. */
import {Command} from '@oclif/core/command';
import type {Config} from '@oclif/core/config';
import type {Cli} from '../cli.ts';
import {type ParsedArgv, parseArgv} from './argv.ts';
import {CliError, ExitStatus, UsageError} from './errors.ts';
import type {FlagSpecs} from './flags.ts';
import {formatCommandHelp} from './help.ts';
import {noArguments, type Positional} from './positional.ts';

/** What a command is run with: its flags and arguments, and the surroundings. */
export interface Input<F extends FlagSpecs = FlagSpecs> extends ParsedArgv<F> {
  cli: Cli;
  /** The command as it was called: `docker run`, `docker container run`. */
  name: string;
}

/** How a command was found in the command table. */
export interface Invocation {
  cli: Cli;
  /** `docker container ls` */
  name: string;
  /** All its names, for help. */
  aliases: string[];
}

/**
 * Subclasses set the static metadata of oclif (`summary`, `description`, `flags`) and ours (`tail`, `positional`,
 * `interspersed`), and implement `execute`.
 */
export abstract class DockerCommand<F extends FlagSpecs = FlagSpecs> extends Command {
  /** What follows the command's name in its usage lines. */
  static tail: string | string[] = '';
  static positional: Positional = noArguments;
  /** False: flags end at the first argument. */
  static interspersed = true;
  static override flags: FlagSpecs = {};

  #input: Input<F> | undefined;
  invocation!: Invocation;

  /** Does the work; the number is the exit code. */
  // biome-ignore lint/suspicious/noConfusingVoidType: most commands end well or throw, and return nothing
  abstract execute(input: Input<F>): Promise<number | void>;

  override async init(): Promise<void> {
    this.parsed = true; // tells oclif not to look for its own parser's marks
    const type = this.constructor as typeof DockerCommand;
    const {name, cli} = this.invocation;
    const parsed = parseArgv(type.flags as F, this.argv, {interspersed: type.interspersed});
    if (parsed.help) {
      cli.stdout.write(commandHelp(type, this.invocation));
      throw new ExitStatus(0);
    }
    type.positional(name, parsed.args);
    this.#input = {...parsed, cli, name};
  }

  override async run(): Promise<number> {
    const input = this.#input!;
    await checkVersions((this.constructor as typeof DockerCommand).flags, input);
    return (await this.execute(input)) ?? 0;
  }

  /** Errors go up as they are: `main.ts` turns them into texts and exit codes. */
  override async catch(error: Error): Promise<never> {
    throw error;
  }
}

/** Refuses flags that an older engine would drop without a word. */
async function checkVersions(specs: FlagSpecs, {cli, given}: Input): Promise<void> {
  for (const name of given) {
    const minimum = specs[name]?.since;
    if (minimum === undefined || (await cli.client.supports(minimum))) continue;
    const version = await cli.client.version();
    throw new CliError(`"--${name}" requires API version ${minimum}, but the Docker daemon API version is ${version}`);
  }
}

type CommandStatics = Pick<typeof DockerCommand, 'tail' | 'flags' | 'summary' | 'description'>;

/** A command that can be made: the statics of DockerCommand without its being abstract. */
export type DockerCommandClass = Omit<typeof DockerCommand, 'prototype'> &
  (new (
    argv: string[],
    config: Config,
  ) => DockerCommand);

/** Runs a command through oclif's life cycle: init, run, finally. */
export async function runCommand(
  type: DockerCommandClass,
  argv: string[],
  invocation: Invocation,
  config: Config,
): Promise<number> {
  const command = new type(argv, config);
  command.invocation = invocation;
  try {
    return await (command as unknown as {_run(): Promise<number>})._run();
  } catch (error) {
    if (error instanceof UsageError) throw usageFailure(type, invocation, error);
    throw error;
  }
}

function usageFailure(type: CommandStatics, {name}: Invocation, error: UsageError): UsageError {
  const lines = usageLines(type, name).join('\n\t');
  return new UsageError(
    `${error.message}\n\nUsage:  ${lines}\n\n${error.hint} '${name} --help' for more information`,
    error.exitCode,
  );
}

export function usageLines(type: CommandStatics, name: string): string[] {
  const tails = Array.isArray(type.tail) ? type.tail : [type.tail];
  return tails.map((tail, i) => (i === 0 ? `${name} ${tail}`.trim() : tail));
}

export function commandHelp(type: CommandStatics, {name, aliases}: Invocation): string {
  const description = type.description ?? type.summary ?? '';
  return formatCommandHelp({usage: usageLines(type, name), description, aliases, flags: type.flags});
}
