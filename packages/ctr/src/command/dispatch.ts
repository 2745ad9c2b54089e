/** From the words of a command line to the leaf that they name, and its run. */
import {callContext, containerdVersion, withTimeout} from '@longshore/base';
import {messageOf} from '@longshore/errdefs';
import {commandTable} from '../command-table.ts';
import type {CommandEntry, Flag, Leaf} from './command.ts';
import {HelpWantedError, UnknownCommandError, UsageError} from './errors.ts';
import {FlagValues} from './flag-values.ts';
import {groupHelp, leafHelp} from './help.ts';
import {type Interrupts, watchInterrupts} from './interrupts.ts';
import {parseFlags} from './parse-flags.ts';

const globalFlags: Flag[] = [
  {name: 'debug', type: 'bool', usage: 'Enable debug output in logs'},
  {
    ...{name: 'address', aliases: ['a'], type: 'text', usage: "Address for containerd's GRPC server"},
    ...{default: '/run/containerd/containerd.sock', env: 'CONTAINERD_ADDRESS'},
  },
  {name: 'timeout', type: 'duration', usage: 'Total timeout for ctr commands', default: '0s'},
  {name: 'connect-timeout', type: 'duration', usage: 'Timeout for connecting to containerd', default: '0s'},
  {
    ...{name: 'namespace', aliases: ['n'], type: 'text', usage: 'Namespace to use with commands'},
    ...{default: 'default', env: 'CONTAINERD_NAMESPACE'},
  },
  {name: 'version', aliases: ['v'], type: 'bool', usage: 'Print the version'},
];

const summary = 'the client to debug containerd with';

/** Runs a whole command line; returns the exit code. Errors are the caller's to print. */
export async function dispatch(argv: readonly string[]): Promise<number> {
  if (argv[0] === '__complete') {
    const {complete} = await import('./complete.ts');
    const lines = await complete(commandTable, globalFlags, argv.slice(1));
    process.stdout.write(lines.map(line => `${line}\n`).join(''));
    return 0;
  }
  const globals = parseFlags(globalFlags, argv);
  if (globals.values.bool('version')) {
    process.stdout.write(`ctr github.com/containerd/containerd/v2 ${containerdVersion}\n`);
    return 0;
  }
  const words = globals.wantsHelp ? ['help'] : globals.rest;
  const root: Place = {path: ['ctr'], about: summary, commands: commandTable, flags: globalFlags};
  return await descend(root, words, globals.values, new FlagValues([], new Map()));
}

/** A group of commands, by the words that lead to it. */
interface Place {
  path: string[];
  about: string;
  commands: CommandEntry[];
  /** Those that its help lists. */
  flags: Flag[];
}

async function descend(place: Place, words: string[], globals: FlagValues, group: FlagValues): Promise<number> {
  const {path, commands} = place;
  const [word, ...rest] = words;
  if (word === undefined || ['help', 'h', '--help', '-h'].includes(word)) {
    if (word !== undefined && rest[0] !== undefined) return descend(place, [...rest, '--help'], globals, group);
    process.stdout.write(groupHelp(path.join(' '), place.about, commands, place.flags));
    return 0;
  }
  const entry = commands.find(c => c.names.includes(word));
  if (!entry) throw new UnknownCommandError(word);
  const here = [...path, entry.names[0]];
  if (!('commands' in entry)) return runLeaf(here.join(' '), entry, rest, globals, group);
  const flags = entry.flags ?? [];
  const parsed = parseFlags(flags, rest);
  const inner = {path: here, about: entry.summary, commands: entry.commands, flags};
  return descend(
    inner,
    parsed.wantsHelp ? ['help', ...parsed.rest] : parsed.rest,
    globals,
    parsed.values.within(group),
  );
}

async function runLeaf(
  path: string,
  entry: CommandEntry & {load: () => Promise<{default: Leaf}>},
  words: string[],
  globals: FlagValues,
  group: FlagValues,
): Promise<number> {
  const about = entry.summary;
  const leaf = (await entry.load()).default;
  const parsed = parseOrExplain(path, about, leaf, words);
  if (parsed.wantsHelp) {
    process.stdout.write(leafHelp(path, about, leaf));
    return 0;
  }
  const address = globals.text('address').replace(/^unix:\/\//, '');
  const {openClient} = await import('../open-client.ts');
  using client = openClient({address});
  using interrupts = watchInterrupts();
  const base = callContext({namespace: globals.text('namespace'), signal: interrupts.signal});
  const limit = globals.milliseconds('timeout');
  const status = leaf.run({
    ...{
      ctx: limit > 0 ? withTimeout(base, limit) : base,
      client,
      address,
      flags: parsed.values.within(group),
      args: parsed.rest,
    },
    print: text => process.stdout.write(text),
    warn: message => logLine('warning', message),
    logError: (message, error) => logLine('error', message, error),
  });
  try {
    return await exitCodeOf(status, interrupts);
  } catch (error) {
    if (!(error instanceof HelpWantedError)) throw error;
    process.stdout.write(leafHelp(path, about, leaf));
    return 0;
  }
}

/** A command that was interrupted says nothing: its exit code tells. */
async function exitCodeOf(running: Promise<unknown>, interrupts: Interrupts): Promise<number> {
  try {
    const status = await running;
    return typeof status === 'number' ? status : 0;
  } catch (error) {
    const interrupted = interrupts.exitCode();
    if (interrupted === undefined) throw error;
    return interrupted;
  }
}

/** A line on standard error in containerd's log format. */
function logLine(level: 'warning' | 'error', message: string, error?: unknown): void {
  const time = new Date().toISOString().replace(/\.\d+/, '');
  const cause = error === undefined ? '' : ` error=${JSON.stringify(messageOf(error))}`;
  process.stderr.write(`time="${time}" level=${level} msg=${JSON.stringify(message)}${cause}\n`);
}

function parseOrExplain(path: string, about: string, leaf: Leaf, words: string[]) {
  try {
    return parseFlags(leaf.flags, words);
  } catch (error) {
    if (error instanceof UsageError && error.showHelp) {
      process.stdout.write(`Incorrect Usage: ${error.message}\n\n${leafHelp(path, about, leaf)}\n`);
    }
    throw error;
  }
}

/** The argument at `index`. Throws the message when it is not there. */
export function requireArgument(args: readonly string[], index: number, message: string): string {
  const value = args[index];
  if (value === undefined || value === '') throw new UsageError(message, false);
  return value;
}

/** The argument at `index`; without it the command shows its help and nothing else happens. */
export function argumentOrHelp(args: readonly string[], index: number): string {
  const value = args[index];
  if (value === undefined || value === '') throw new HelpWantedError();
  return value;
}

/** A digest; content is asked for by nothing else. */
export function digestArgument(args: readonly string[], index: number): string {
  const value = args[index] ?? '';
  if (!/^[A-Za-z0-9]+(?:[.+_-][A-Za-z0-9]+)*:[0-9a-fA-F]+$/.test(value)) {
    throw new UsageError('invalid checksum digest format', false);
  }
  return value;
}
