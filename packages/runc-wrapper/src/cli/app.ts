/** From argv to an exit code: global options, the command, its arguments, and what becomes of errors. */
import {writeSync} from 'node:fs';
import {messageOf} from '@longshore/errdefs';
import {allCommands, findCommand} from '../commands/index.ts';
import {RuncRuntime} from '../runtime.ts';
import type {Command, CommandContext} from './command.ts';
import {type Flag, type ParsedArguments, parseArguments, UsageError} from './flags.ts';
import {type GlobalOptions, globalFlags, globalOptions} from './global-options.ts';
import {commandHelp, programHelp, versionText} from './help.ts';
import {type CommandLog, openLog} from './log.ts';
import {print} from './output.ts';
import {findRuntime} from './runtime-binary.ts';

const exitFailure = 1;
const exitUnknownCommand = 3;
const helpFlag: Flag = {names: ['help', 'h'], kind: 'boolean', help: 'show help', hidden: true};

/** `args` without the program's name. */
export async function runApp(args: readonly string[]): Promise<number> {
  let log = openLog({log: undefined, logFormat: 'text'});
  try {
    const parsed = parseGlobals(args);
    const [name, ...rest] = parsed.positional;
    if (parsed.boolean('version')) return show(versionText());
    if (name === undefined || parsed.boolean('help')) return show(await fullHelp());
    const globals = globalOptions(parsed, process.env);
    log = openLog(globals);
    if (name === 'help' || name === 'h') return await help(rest[0], log);
    const command = await findCommand(name);
    if (!command) return unknownCommand(name, log);
    return await runCommand(command, rest, globals, log);
  } catch (error) {
    return fail(error, log);
  }
}

function parseGlobals(args: readonly string[]): ParsedArguments {
  try {
    return parseArguments(args, globalFlags, {stopAtPositional: true});
  } catch (error) {
    if (error instanceof UsageError) print(`Incorrect Usage. ${error.message}\n\n`);
    throw error;
  }
}

async function runCommand(command: Command, raw: string[], globals: GlobalOptions, log: CommandLog): Promise<number> {
  const args = parseCommand(command, raw);
  if (args.boolean('help')) return show(commandHelp(command));
  checkArgumentCount(command, args.positional.length);
  let runtime: RuncRuntime | undefined;
  const context: CommandContext = {
    globals,
    args,
    rawArguments: raw,
    runtime: () => {
      runtime ??= new RuncRuntime({...runtimeOptions(globals), binary: () => findRuntime(globals.runtimeBinary)});
      return runtime;
    },
    logError: message => log.write('error', message),
    logWarning: message => log.write('warning', message),
  };
  return await command.run(context);
}

function parseCommand(command: Command, raw: string[]): ParsedArguments {
  try {
    return parseArguments(raw, [...command.flags, helpFlag], {stopAtPositional: command.stopAtPositional === true});
  } catch (error) {
    if (error instanceof UsageError) print(`Incorrect Usage: ${error.message}\n\n${commandHelp(command)}`);
    throw error;
  }
}

function checkArgumentCount(command: Command, count: number): void {
  const {min, max} = command.arguments;
  if (count >= min && count <= max) return;
  print(`Incorrect Usage.\n\n${commandHelp(command)}`);
  const wanted = min === max ? `exactly ${min}` : count < min ? `a minimum of ${min}` : `a maximum of ${max}`;
  throw new UsageError(`${process.argv0}: "${command.name}" requires ${wanted} argument(s)`);
}

function runtimeOptions(globals: GlobalOptions) {
  const {root, log, logFormat, debug, systemdCgroup, rootless} = globals;
  return {
    root,
    logFormat,
    debug,
    systemdCgroup,
    ...(log === undefined ? {} : {log}),
    ...(rootless === undefined ? {} : {rootless}),
  };
}

async function help(topic: string | undefined, log: CommandLog): Promise<number> {
  if (topic === undefined) return show(await fullHelp());
  const command = await findCommand(topic);
  return command ? show(commandHelp(command)) : unknownCommand(topic, log);
}

async function fullHelp(): Promise<string> {
  return programHelp(await allCommands(), globalFlags);
}

function unknownCommand(name: string, log: CommandLog): number {
  report(`No help topic for '${name}'`, log);
  return exitUnknownCommand;
}

function fail(error: unknown, log: CommandLog): number {
  report(messageOf(error), log);
  return exitFailure;
}

/** To the log, and to the user as well when that is elsewhere. */
function report(message: string, log: CommandLog): void {
  log.write('error', message);
  if (log.isFile) writeSync(2, `${message}\n`);
}

function show(text: string): number {
  print(text);
  return 0;
}
