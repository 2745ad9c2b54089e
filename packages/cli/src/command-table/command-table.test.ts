import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import type {CommandEntry} from '../command/dispatch.ts';
import {commandHelp, type DockerCommandClass, usageLines} from '../command/docker-command.ts';
import {commandTable} from './index.ts';

/** What each command of Docker's takes: usage lines, and flags as [name, letter, kind, default]. */
type Facts = Record<string, {usage: string[]; flags: [name: string, letter: string, kind: string, shown: string][]}>;

const facts = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/docker-flags.json'), 'utf8')) as Facts;
const reference = join(import.meta.dirname, '../../../../../shared/reference/docker-cli-help');

function find(words: string): CommandEntry | undefined {
  return commandTable.commands.find(entry => entry.path === words || entry.shortcut === words);
}

async function load(words: string): Promise<DockerCommandClass> {
  return (await find(words)!.load()).default;
}

function names(words: string): string[] {
  const {path, synonyms = [], shortcut} = find(words)!;
  const [group] = path.split(' ');
  const all = [path, ...synonyms.map(synonym => `${group} ${synonym}`), ...(shortcut ? [shortcut] : [])];
  return all.length > 1 ? all.map(name => `docker ${name}`) : [];
}

for (const [words, {usage, flags}] of Object.entries(facts)) {
  test(`docker ${words} takes what Docker's does`, async t => {
    const type = await load(words);
    t.deepEqual(usageLines(type, `docker ${words}`), usage);
    const shown = Object.entries(type.flags).filter(([, spec]) => !spec.hidden);
    const own = shown.map(([name, spec]) => [name, spec.char ?? '', spec.kind, spec.shown ?? '']);
    t.deepEqual(own.sort(byName), [...flags].sort(byName));
  });

  const file = join(reference, `${words.replaceAll(' ', '_')}.txt`);
  // The reference is there where the project is developed, and not needed elsewhere: the facts above are its content.
  (existsSync(file) ? test : test.skip)(`docker ${words} --help reads as Docker's`, async t => {
    const type = await load(words);
    const invocation = {cli: undefined as never, name: `docker ${words}`, aliases: names(words)};
    t.is(commandHelp(type, invocation), readFileSync(file, 'utf8'));
  });
}

test('a command has one place, and a name means one thing', t => {
  const paths = commandTable.commands.map(entry => entry.path);
  t.is(new Set(paths).size, paths.length);
  const top = commandTable.commands.flatMap(entry => entry.shortcut ?? (entry.path.includes(' ') ? [] : [entry.path]));
  const all = [...top, ...commandTable.groups.map(group => group.name), ...Object.keys(commandTable.refused)];
  t.is(new Set(all).size, all.length);
});

test('every command says what it is for, and its class says the same', async t => {
  for (const entry of commandTable.commands) {
    const {default: type} = await entry.load();
    t.not(entry.summary, '', entry.path);
    if (!entry.path.startsWith('completion')) t.is(type.summary, entry.summary, entry.path);
  }
});

function byName(a: readonly string[], b: readonly string[]): number {
  return a[0]! < b[0]! ? -1 : 1;
}
