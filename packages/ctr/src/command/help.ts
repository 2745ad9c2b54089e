/** Help texts in the layout that containerd's tools have. */
import {alignColumns} from '@longshore/term';
import type {CommandEntry, Flag, Leaf} from './command.ts';

const columns = {minWidth: 0, tabWidth: 8, padding: 2, fill: ' '} as const;
const helpFlag: Flag = {name: 'help', aliases: ['h'], type: 'bool', usage: 'Show help'};

export function groupHelp(path: string, summary: string, commands: CommandEntry[], flags: Flag[] = []): string {
  const rows = commands.map(c => `   ${c.names.join(', ')}\t${c.summary}\n`);
  rows.push('   help, h\tShows a list of commands or help for one command\n');
  const isRoot = !path.includes(' ');
  const title = isRoot ? 'GLOBAL OPTIONS' : 'OPTIONS';
  const usage = isRoot ? `${path} [global options] command [command options]` : `${path} [command options]`;
  return [
    `NAME:\n   ${path} - ${summary}\n`,
    `USAGE:\n   ${usage}\n`,
    `COMMANDS:\n${alignColumns(rows.join(''), columns)}`,
    `${title}:\n${flagTable([...flags, helpFlag])}`,
  ].join('\n');
}

export function leafHelp(path: string, summary: string, leaf: Leaf): string {
  const description = leaf.description?.replaceAll(/^(?=.)/gm, '   ');
  return [
    `NAME:\n   ${path} - ${summary}\n`,
    `USAGE:\n   ${path} [command options] ${leaf.usage}\n`,
    ...(description ? [`DESCRIPTION:\n${description}\n`] : []),
    `OPTIONS:\n${flagTable([...leaf.flags, helpFlag])}`,
  ].join('\n');
}

function flagTable(flags: Flag[]): string {
  return alignColumns(flags.map(flagRow).join(''), columns);
}

function flagRow(flag: Flag): string {
  const value = flag.type === 'bool' ? '' : ' value';
  const names = [flag.name, ...(flag.aliases ?? [])].map(n => `${n.length > 1 ? '--' : '-'}${n}${value}`).join(', ');
  const repeated = flag.type === 'list' ? `${names} [ ${names} ]` : names;
  const fallback = defaultText(flag);
  const environment = flag.env ? ` [$${flag.env}]` : '';
  const refused = flag.unsupported ? ` (not supported: ${flag.unsupported})` : '';
  return `   ${repeated}\t${flag.usage}${fallback}${environment}${refused}\n`;
}

/** Texts alone have quotes. */
function defaultText({type, default: value}: Flag): string {
  if (type === 'bool') return ' (default: false)';
  if (!value) return '';
  return ` (default: ${type === 'text' || type === 'list' ? JSON.stringify(value) : value})`;
}
