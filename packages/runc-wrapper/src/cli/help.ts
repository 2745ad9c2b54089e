/** Help texts in the layout of runc's, which people and scripts know. */
import {gitCommit, ociRuntimeSpecVersion, runcVersion} from '@longshore/base';
import type {Command} from './command.ts';
import type {Flag} from './flags.ts';

/** What callers know it as; runc's own test suite looks for it. */
const programName = 'runc';
const executableName = 'runc-wrapper';

/** dockerd parses the first two lines. */
export function versionText(): string {
  return `runc version ${runcVersion}\ncommit: ${gitCommit}\nspec: ${ociRuntimeSpecVersion}\n`;
}

export function programHelp(commands: readonly Pick<Command, 'name' | 'summary'>[], flags: readonly Flag[]): string {
  const list = [...commands, {name: 'help, h', summary: 'show the help of a command, or this list'}];
  return [
    `NAME:\n   ${programName} - Open Container Initiative runtime\n`,
    description,
    `USAGE:\n   ${programName} [global options] command [command options] [arguments...]\n`,
    `VERSION:\n   ${runcVersion}\n`,
    `COMMANDS:\n${columns(list.map(({name, summary}) => [name, summary]))}\n`,
    `GLOBAL OPTIONS:\n${columns(flagRows(flags))}\n`,
  ].join('\n');
}

const description = `${executableName} takes runc's command line and works on runc's state directory. An OCI runtime (runc,
crun, ...) creates containers and runs further processes in them; starting, signalling,
pausing, listing and deleting are done by ${executableName} itself.

A container is made from a bundle: a directory with a "config.json" and a root filesystem.

    # ${executableName} run --bundle DIRECTORY <container-id>

Without --bundle the bundle is the current directory. The <container-id> is yours to choose
and unique within the --root.
`;

export function commandHelp(command: Command): string {
  const options = command.flags.some(flag => !flag.hidden) ? '[command options] ' : '';
  const parts = [
    `NAME:\n   ${programName} ${command.name} - ${command.summary}\n`,
    `USAGE:\n   ${programName} ${command.name} ${options}${command.argumentsText}`.trimEnd(),
  ];
  if (command.description !== '') parts.push(`\n${command.description}`);
  if (options !== '') parts.push(`\nOPTIONS:\n${columns(flagRows(command.flags))}`);
  return `${parts.join('\n')}\n`;
}

function flagRows(flags: readonly Flag[]): Array<[string, string]> {
  return flags.filter(flag => !flag.hidden).map(flag => [flagNames(flag), flagHelp(flag)]);
}

function flagNames(flag: Flag): string {
  const value = flag.kind === 'boolean' ? '' : ' value';
  return flag.names.map(name => `${name.length === 1 ? '-' : '--'}${name}${value}`).join(', ');
}

function flagHelp(flag: Flag): string {
  if (flag.default === undefined) return flag.help;
  return `${flag.help} (default: ${flag.kind === 'string' ? JSON.stringify(flag.default) : flag.default})`;
}

function columns(rows: Array<readonly [string, string]>): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `   ${left.padEnd(width)}${right}`).join('\n');
}
