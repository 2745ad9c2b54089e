/** Candidates for the last of some words: commands, flags, and names that containerd knows. */
import {callContext} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import type {CommandEntry, Flag} from './command.ts';
import type {FlagValues} from './flag-values.ts';
import {parseFlags} from './parse-flags.ts';

/** A shell waits for the answer while somebody types. */
const timeoutMs = 1000;

/** Lines of a candidate and, after a tab, what it is for. Never fails: what cannot be known is not offered. */
export async function complete(commands: CommandEntry[], flags: Flag[], words: readonly string[]): Promise<string[]> {
  const current = words.at(-1) ?? '';
  try {
    const candidates = await find({commands, flags, path: [], globals: undefined}, words.slice(0, -1), current);
    return candidates.filter(line => line.startsWith(current));
  } catch {
    return []; // a flag that does not exist, or containerd is not there
  }
}

interface Place {
  commands: CommandEntry[];
  flags: Flag[];
  path: string[];
  globals: FlagValues | undefined;
}

async function find(place: Place, before: string[], current: string): Promise<string[]> {
  const {values, rest} = parseFlags(place.flags, before);
  const globals = place.globals ?? values;
  const [word, ...others] = rest;
  if (word === undefined) return current.startsWith('-') ? flagLines(place.flags) : commandLines(place.commands);
  const entry = place.commands.find(({names}) => names.includes(word));
  if (!entry) return [];
  const path = [...place.path, entry.names[0]];
  if ('commands' in entry)
    return find({commands: entry.commands, flags: entry.flags ?? [], path, globals}, others, current);
  const leaf = (await entry.load()).default;
  if (current.startsWith('-')) return flagLines(leaf.flags);
  return objectNames(path, parseFlags(leaf.flags, others).rest, globals);
}

function commandLines(commands: CommandEntry[]): string[] {
  return commands.map(({names, summary}) => `${names[0]}\t${summary}`);
}

function flagLines(flags: Flag[]): string[] {
  return flags.filter(({unsupported}) => !unsupported).map(({name, usage}) => `--${name}\t${usage}`);
}

type Names = (client: ContainerdClient, ctx: ReturnType<typeof callContext>) => Promise<string[]>;

const namesOf: Record<string, Names> = {
  containers: async (client, ctx) => (await client.containers.list(ctx, {})).containers.map(({id}) => id),
  tasks: async (client, ctx) => (await client.tasks.list(ctx, {})).tasks.map(({id}) => id),
  images: async (client, ctx) => (await client.images.list(ctx, {})).images.map(({name}) => name),
  leases: async (client, ctx) => (await client.leases.list(ctx, {})).leases.map(({id}) => id),
  namespaces: async (client, ctx) => (await client.namespaces.list(ctx, {})).namespaces.map(({name}) => name),
  run: async (client, ctx) => (await client.images.list(ctx, {})).images.map(({name}) => name),
};

/** Of the noun that the command is about; the first argument only where a command takes files after it. */
async function objectNames(path: string[], args: string[], globals: FlagValues): Promise<string[]> {
  const [noun = '', verb = ''] = path;
  const about = noun === 'tasks' && verb === 'start' ? 'containers' : noun;
  const isFile = noun === 'images' && (verb === 'import' || (verb === 'export' && args.length === 0));
  const isOver = ['run', 'exec', 'mount'].includes(path.at(-1) ?? '') && args.length > 0;
  const look = noun === 'containers' && verb === 'create' ? namesOf.images : namesOf[about];
  if (!look || isFile || isOver) return [];
  const {openClient} = await import('../open-client.ts');
  using client = openClient({address: globals.text('address').replace(/^unix:\/\//, '')});
  const ctx = callContext({namespace: globals.text('namespace'), signal: AbortSignal.timeout(timeoutMs)});
  return look(client, ctx);
}
