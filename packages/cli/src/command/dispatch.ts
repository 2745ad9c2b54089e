/** From words to a command: the table of commands, groups, help and what is not offered. */
import {Config} from '@oclif/core/config';
import type {Cli} from '../cli.ts';
import {globalFlags} from '../globals.ts';
import {commandHelp, type DockerCommandClass, type Invocation, runCommand} from './docker-command.ts';
import {CliError, UsageError} from './errors.ts';
import {formatGroupHelp} from './help.ts';

/** One command: where it stands, what it is for, and the module to load when it is called. */
export interface CommandEntry {
  /** `container ls`; the name it is shown by. */
  path: string;
  /** Other names within its group: `list`. */
  synonyms?: string[];
  /** The same command at the top level, where there is one: `ps`. */
  shortcut?: string;
  summary: string;
  hidden?: boolean;
  load(): Promise<{default: DockerCommandClass}>;
}

export interface GroupEntry {
  name: string;
  summary: string;
  description?: string;
  hidden?: boolean;
  /** What follows the name in the usage line of an error. */
  errorTail?: string;
}

export interface CommandTable {
  groups: GroupEntry[];
  commands: CommandEntry[];
  /** Commands of Docker's that do not exist here, with the reason. */
  refused: Record<string, string>;
  /** Commands listed first in `docker --help`. */
  common: string[];
}

/** Runs the command that `words` name; resolves with the exit code. */
export async function dispatch(table: CommandTable, cli: Cli, words: string[]): Promise<number> {
  const [first, second] = words;
  if (first === undefined) return showRoot(table, cli.stderr);
  if (first === 'help') return showHelp(table, cli, words.slice(1));
  if (first === '__complete') return showCandidates(table, cli, words.slice(1));
  const shortcut = table.commands.find(entry => entry.shortcut === first || entry.path === first);
  if (shortcut) return start(shortcut, `docker ${first}`, cli, words.slice(1));
  const group = table.groups.find(entry => entry.name === first);
  if (!group) return unknownTopLevel(table, cli, words);
  if (second === undefined) return showGroup(table, group, cli.stderr);
  if (isHelpFlag(second)) return showGroup(table, group, cli.stdout);
  const entry = findInGroup(table, group.name, second);
  if (entry) return start(entry, `docker ${entry.path}`, cli, words.slice(2));
  if (words.includes('--help')) return showGroup(table, group, cli.stdout);
  throw unknownInGroup(group, second);
}

/** What the completion scripts call. */
async function showCandidates(table: CommandTable, cli: Cli, words: string[]): Promise<number> {
  const {complete} = await import('../completion/complete.ts');
  const lines = await complete(table, cli, words);
  cli.stdout.write(lines.map(line => `${line}\n`).join(''));
  return 0;
}

function start(entry: CommandEntry, name: string, cli: Cli, argv: string[]): Promise<number> {
  return entry.load().then(module => runCommand(module.default, argv, invocation(entry, name, cli), oclifConfig()));
}

function invocation(entry: CommandEntry, name: string, cli: Cli): Invocation {
  const [group = ''] = entry.path.split(' ');
  const names = [entry.path, ...(entry.synonyms ?? []).map(synonym => `${group} ${synonym}`)];
  if (entry.shortcut) names.push(entry.shortcut);
  return {cli, name, aliases: names.length > 1 ? names.map(text => `docker ${text}`) : []};
}

/** oclif wants to know the name of the executable; it is not asked to look for plugins or manifests. */
function oclifConfig(): Config {
  const config = new Config({root: '/'});
  config.bin = 'docker';
  config.name = 'docker';
  return config;
}

function findInGroup(table: CommandTable, group: string, verb: string): CommandEntry | undefined {
  return table.commands.find(
    entry =>
      entry.path === `${group} ${verb}` ||
      (entry.path.startsWith(`${group} `) && (entry.synonyms?.includes(verb) ?? false)),
  );
}

async function showHelp(table: CommandTable, cli: Cli, words: string[]): Promise<number> {
  const [first, second] = words.filter(word => !word.startsWith('-'));
  if (first === undefined) return showRoot(table, cli.stdout);
  const entry =
    table.commands.find(candidate => candidate.shortcut === first || candidate.path === first) ??
    (second && findInGroup(table, first, second));
  if (entry) {
    const name = entry.shortcut === first ? first : entry.path;
    const {default: type} = await entry.load();
    cli.stdout.write(commandHelp(type, invocation(entry, `docker ${name}`, cli)));
    return 0;
  }
  const group = table.groups.find(candidate => candidate.name === first);
  if (group && second === undefined) return showGroup(table, group, cli.stdout);
  throw new CliError(`unknown help topic: ${words.join(' ')}`);
}

function showRoot(table: CommandTable, out: NodeJS.WriteStream): number {
  const visible = table.commands.filter(entry => !entry.hidden);
  const topLevel = new Map<string, string>();
  for (const entry of visible) {
    const name = entry.shortcut ?? (entry.path.includes(' ') ? undefined : entry.path);
    if (name) topLevel.set(name, entry.summary);
  }
  const common = table.common.filter(name => topLevel.has(name));
  const others = [...topLevel.keys()].filter(name => !common.includes(name)).sort();
  const row = (name: string): [string, string] => [name, topLevel.get(name) ?? ''];
  const groups = table.groups.filter(group => !group.hidden);
  out.write(
    formatGroupHelp({
      usage: 'docker [OPTIONS] COMMAND',
      description: 'A self-sufficient runtime for containers',
      sections: [
        {title: 'Common Commands', rows: common.map(row)},
        {title: 'Management Commands', rows: groups.map(group => [group.name, group.summary])},
        {title: 'Commands', rows: others.map(row)},
      ],
      flags: {title: 'Global Options', specs: globalFlags()},
      footer:
        "Run 'docker COMMAND --help' for more information on a command.\n\n" +
        'For more help on how to use Docker, head to https://docs.docker.com/go/guides/',
    }),
  );
  return 0;
}

function showGroup(table: CommandTable, group: GroupEntry, out: NodeJS.WriteStream): number {
  const prefix = `${group.name} `;
  const entries = table.commands.filter(entry => entry.path.startsWith(prefix) && !entry.hidden);
  const rows = entries.map((entry): [string, string] => [entry.path.slice(prefix.length), entry.summary]);
  out.write(
    formatGroupHelp({
      usage: `docker ${group.name} COMMAND`,
      description: group.description ?? group.summary,
      sections: [{title: 'Commands', rows: rows.sort(([a], [b]) => (a < b ? -1 : 1))}],
      footer: `Run 'docker ${group.name} COMMAND --help' for more information on a command.`,
    }),
  );
  return 0;
}

function isHelpFlag(word: string): boolean {
  return word === '--help' || word === '-h';
}

async function unknownTopLevel(table: CommandTable, cli: Cli, words: string[]): Promise<number> {
  const [name = ''] = words;
  const {findPlugin, runPlugin} = await import('./plugins.ts');
  const plugin = findPlugin(cli, name);
  if (plugin) return runPlugin(plugin, words);
  if (words.some(isHelpFlag)) return showRoot(table, cli.stdout);
  const reason = table.refused[name];
  if (reason) throw new CliError(`docker: 'docker ${name}' is not available: ${reason}`);
  const help = "Run 'docker --help' for more information";
  throw new CliError(`docker: unknown command: docker ${name}\n\n${help}`);
}

function unknownInGroup(group: GroupEntry, word: string): CliError {
  const usage = `Usage:  docker ${group.name}${group.errorTail ?? ''}`;
  const help = `Run 'docker ${group.name} --help' for more information`;
  if (word.startsWith('-')) {
    const flag = word.startsWith('--')
      ? `unknown flag: ${word.split('=')[0]}`
      : `unknown shorthand flag: '${word[1]}' in ${word}`;
    return new UsageError(`${flag}\n\n${usage}\n\n${help}`, 125);
  }
  return new CliError(`docker: unknown command: docker ${group.name} ${word}\n\n${usage}\n\n${help}`);
}
