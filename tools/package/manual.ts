/**
 * Manual pages in man(7), from what the executables say about themselves: there is one text of their flags, so that the
 * pages cannot disagree with `--help`.
 */
import {execa} from 'execa';

/** A page: its file name below share/man, and its text. */
export interface ManualPage {
  file: string;
  text: string;
}

interface PageOptions {
  executable: string;
  /** Path of the executable to ask. */
  path: string;
  section: 1 | 8;
  summary: string;
  version: string;
}

/** The page of an executable, and for `docker` one of each of its commands (`docker-run.1`). */
export async function manualPages(options: PageOptions): Promise<ManualPage[]> {
  const main = await manualPage(options);
  if (options.executable !== 'docker') return [main];
  return [main, ...(await commandPages(options, [], await ask(options.path, ['--help'])))];
}

/** The page of an executable or a script alone. */
export async function manualPage(options: PageOptions): Promise<ManualPage> {
  return page(options.executable, options, options.summary, await ask(options.path, ['--help']));
}

async function commandPages(options: PageOptions, parents: string[], help: string): Promise<ManualPage[]> {
  const pages: ManualPage[] = [];
  for (const [name, summary] of commandsOf(help)) {
    const path = [...parents, name];
    const own = await ask(options.path, [...path, '--help']);
    pages.push(page(['docker', ...path].join('-'), options, summary, own));
    // Only management commands have commands of their own.
    if (parents.length === 0) pages.push(...(await commandPages(options, path, own)));
  }
  return pages;
}

/** Commands that a help text lists, with what it says of them. */
export function commandsOf(help: string): [string, string][] {
  const found = new Map<string, string>();
  let listing = false;
  for (const line of help.split('\n')) {
    if (/^[A-Z]/.test(line)) listing = /Commands:$/.test(line);
    const [, name, summary] = /^ {2}([a-z][\w-]*)\*? {2,}(\S.*)$/.exec(line) ?? [];
    if (listing && name && summary) found.set(name, summary);
  }
  return [...found];
}

function page(name: string, {section, version}: PageOptions, summary: string, help: string): ManualPage {
  const text = [
    `.TH ${name.toUpperCase().replaceAll('-', '\\-')} ${section} "" "Longshore ${version}" "Longshore"`,
    '.SH NAME',
    `${escapeRoff(name)} \\- ${escapeRoff(summary)}`,
    '.SH DESCRIPTION',
    '.nf',
    escapeRoff(help.trimEnd()),
    '.fi',
  ];
  return {file: `man${section}/${name}.${section}`, text: `${text.join('\n')}\n`};
}

/** Backslashes, dashes that must stay dashes, and lines that would be requests of roff. */
function escapeRoff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');
}

async function ask(path: string, args: string[]): Promise<string> {
  const {stdout} = await execa(path, args, {
    env: {COLUMNS: '80', HOME: '/root', NO_COLOR: '1'},
    extendEnv: false,
    stdin: 'ignore',
  });
  return stdout;
}
