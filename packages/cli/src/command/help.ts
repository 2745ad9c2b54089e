/** `--help` texts, laid out as Docker lays them out; oclif's own help needs a plugin loader at run time. */
import type {FlagSpecs} from './flags.ts';

/** Docker wraps at the width of the terminal, or at 80 when there is none. */
export function helpWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns || 80 : 80;
}

export interface CommandHelp {
  /** One or more usage lines, without `Usage:`. */
  usage: string[];
  description: string;
  /** Full names of the command: `docker container ls, docker ps`. */
  aliases: string[];
  flags: FlagSpecs;
}

export function formatCommandHelp(help: CommandHelp, width = helpWidth()): string {
  let text = `Usage:  ${help.usage.join('\n\t')}\n\n${help.description}\n`;
  if (help.aliases.length > 0) text += `\nAliases:\n  ${help.aliases.join(', ')}\n`;
  const options = formatFlags(help.flags, width);
  return options ? `${text}\nOptions:\n${options}` : text;
}

export interface GroupHelp {
  usage: string;
  description: string;
  /** Sections of commands: title and rows of name and summary. */
  sections: {title: string; rows: [name: string, summary: string][]}[];
  flags?: {title: string; specs: FlagSpecs};
  footer: string;
}

export function formatGroupHelp(help: GroupHelp, width = helpWidth()): string {
  let text = `Usage:  ${help.usage}\n\n${help.description}\n`;
  for (const {title, rows} of help.sections) {
    if (rows.length === 0) continue;
    text += `\n${title}:\n`;
    for (const [name, summary] of rows) text += `  ${name.padEnd(11)} ${summary}\n`;
  }
  if (help.flags) text += `\n${help.flags.title}:\n${formatFlags(help.flags.specs, width)}`;
  return `${text}\n${help.footer}\n`;
}

/** The option list: letters, names and kinds in one column, the wrapped usage in the next. */
export function formatFlags(specs: FlagSpecs, width: number): string {
  const shown = Object.entries(specs)
    .filter(([, spec]) => !spec.hidden)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const heads = shown.map(([name, spec]) => {
    const letter = spec.char ? `-${spec.char}, ` : '    ';
    return `  ${letter}--${name}${spec.kind ? ` ${spec.kind}` : ''}`;
  });
  const column = Math.max(0, ...heads.map(head => head.length)) + 3;
  return shown
    .map(([, spec], i) => {
      const usage = (spec.description ?? '') + (spec.shown === undefined ? '' : ` (default ${spec.shown})`);
      return `${heads[i]!.padEnd(column)}${wrapUsage(usage, column, width - 1)}\n`;
    })
    .join('');
}

/** A line is broken this much early, unless what is left fits. */
const slop = 5;

/** Wraps at blanks; a line break in the text stays one. Lines after the first start at `column`. */
function wrapUsage(text: string, column: number, width: number): string {
  const room = width - column;
  const lines: string[] = [];
  let rest = text;
  while (room >= 24 && rest.length >= room) {
    const window = rest.slice(0, room - slop);
    const blank = Math.max(window.lastIndexOf(' '), window.lastIndexOf('\t'), window.lastIndexOf('\n'));
    if (blank <= 0) break;
    const newline = window.lastIndexOf('\n');
    const cut = newline > 0 ? newline : blank;
    lines.push(rest.slice(0, cut));
    rest = rest.slice(cut + 1);
  }
  lines.push(rest);
  return lines.join('\n').replaceAll('\n', `\n${' '.repeat(column)}`);
}
