/** Candidates for the last of some words: commands, flags, and names the engine knows. */
import type {ContainerSummary, ImageSummary, Network, VolumeListResponse} from '@longshore/api/engine';
import type {Cli} from '../cli.ts';
import type {CommandEntry, CommandTable} from '../command/dispatch.ts';
import type {FlagSpecs} from '../command/flags.ts';
import {globalFlags} from '../globals.ts';

/** Lines of a candidate and, after a tab, what it is for. Never fails: what cannot be known is not offered. */
export async function complete(table: CommandTable, cli: Cli, words: readonly string[]): Promise<string[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1).filter(word => !word.startsWith('-'));
  const found = findCommand(table, before);
  const candidates = found
    ? await commandCandidates(found, cli, current)
    : current.startsWith('-')
      ? flagCandidates(globalFlags())
      : nameCandidates(table, before);
  return candidates.filter(line => line.startsWith(current));
}

interface Found {
  entry: CommandEntry;
  /** Words after the command that are no flags. */
  args: string[];
}

function findCommand(table: CommandTable, words: string[]): Found | undefined {
  const [first, second] = words;
  if (first === undefined) return undefined;
  const short = table.commands.find(entry => entry.shortcut === first || entry.path === first);
  if (short) return {entry: short, args: words.slice(1)};
  const path = `${first} ${second}`;
  const entry = table.commands.find(
    candidate => candidate.path === path || (candidate.synonyms?.some(name => `${first} ${name}` === path) ?? false),
  );
  return entry && {entry, args: words.slice(2)};
}

function nameCandidates(table: CommandTable, before: string[]): string[] {
  const visible = table.commands.filter(entry => !entry.hidden);
  const [group] = before;
  if (group === undefined) {
    const groups = table.groups.map(({name, summary}) => `${name}\t${summary}`);
    const commands = visible.flatMap(entry => {
      const name = entry.shortcut ?? (entry.path.includes(' ') ? undefined : entry.path);
      return name ? [`${name}\t${entry.summary}`] : [];
    });
    return [...groups, ...commands].sort();
  }
  if (before.length > 1) return [];
  const own = visible.filter(entry => entry.path.startsWith(`${group} `));
  return own.map(entry => `${entry.path.slice(group.length + 1)}\t${entry.summary}`);
}

async function commandCandidates({entry, args}: Found, cli: Cli, current: string): Promise<string[]> {
  if (current.startsWith('-')) return flagCandidates((await entry.load()).default.flags);
  return objectCandidates(entry.path, args, cli).catch(() => []);
}

function flagCandidates(flags: FlagSpecs): string[] {
  return Object.entries(flags)
    .filter(([, spec]) => !spec.hidden)
    .map(([name, spec]) => `--${name}\t${(spec.description ?? '').split('\n')[0]}`);
}

/** Names of what the command works on. */
async function objectCandidates(path: string, args: string[], cli: Cli): Promise<string[]> {
  const [group, verb] = path.split(' ');
  const isNew = ['create', 'ls', 'prune'].includes(verb ?? '');
  if (path === 'container run' || path === 'container create') return args.length === 0 ? images(cli) : [];
  if (path === 'network connect' || path === 'network disconnect')
    return args.length === 0 ? networks(cli) : containers(cli, false);
  if (isNew) return [];
  if (group === 'container')
    return containers(cli, ['start', 'rm', 'inspect', 'logs', 'commit', 'diff', 'export', 'cp'].includes(verb ?? ''));
  if (group === 'image') return images(cli);
  if (group === 'network') return networks(cli);
  if (group === 'volume') return volumes(cli);
  return path === 'inspect' ? [...(await containers(cli, true)), ...(await images(cli))] : [];
}

async function containers(cli: Cli, all: boolean): Promise<string[]> {
  const list = await cli.client.get<ContainerSummary[]>('/containers/json', {query: {all}});
  return list.flatMap(container => (container.Names ?? []).map(name => name.replace(/^\//, '')));
}

async function images(cli: Cli): Promise<string[]> {
  const list = await cli.client.get<ImageSummary[]>('/images/json');
  return list.flatMap(image => image.RepoTags ?? []);
}

async function networks(cli: Cli): Promise<string[]> {
  return (await cli.client.get<Network[]>('/networks')).map(network => network.Name);
}

async function volumes(cli: Cli): Promise<string[]> {
  return ((await cli.client.get<VolumeListResponse>('/volumes')).Volumes ?? []).map(volume => volume.Name);
}
