import test from 'ava';
import {commandTable} from '../command-table.ts';
import type {CommandEntry, Flag} from './command.ts';
import {originalFlags} from './original-flags.ts';

/** Flags of the original that are refused, each with a reason; everything else of it works. */
const refused: Readonly<Record<string, readonly string[]>> = {
  run: ['blockio-class', 'blockio-config-file'],
  'containers create': ['blockio-class', 'blockio-config-file', 'no-pivot', 'pid-file'],
  'content active': ['root'],
  'images mount': [
    ...['hosts-dir', 'http-dump', 'http-trace', 'k', 'plain-http', 'refresh', 'skip-verify'],
    ...['tlscacert', 'tlscert', 'tlskey', 'u', 'user'],
  ],
  'images unmount': [
    ...['hosts-dir', 'http-dump', 'http-trace', 'k', 'label', 'plain-http', 'refresh', 'skip-verify'],
    ...['tlscacert', 'tlscert', 'tlskey', 'u', 'user'],
  ],
};

async function flagsOf(command: string): Promise<Map<string, Flag>> {
  let entries: readonly CommandEntry[] = commandTable;
  const flags: Flag[] = [];
  for (const word of command.split(' ')) {
    const entry = entries.find(candidate => candidate.names.includes(word));
    if (!entry) throw new Error(`no command "${command}"`);
    entries = 'commands' in entry ? entry.commands : [];
    flags.push(...('load' in entry ? (await entry.load()).default.flags : (entry.flags ?? [])));
  }
  return new Map(flags.flatMap(flag => [flag.name, ...(flag.aliases ?? [])].map(name => [name, flag] as const)));
}

for (const [command, names] of Object.entries(originalFlags)) {
  test(`ctr ${command}`, async t => {
    const flags = await flagsOf(command);
    const wanted = names.split(' ').filter(name => name !== '');
    t.deepEqual(
      wanted.filter(name => !flags.has(name)),
      [],
    );
    const without = wanted.filter(name => flags.get(name)?.unsupported !== undefined);
    t.deepEqual(without, [...(refused[command] ?? [])]);
    for (const name of without) t.true((flags.get(name)?.unsupported ?? '').length > 10);
  });
}
