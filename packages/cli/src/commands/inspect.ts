import type {SystemInfo} from '@longshore/api/engine';
import type {Cli} from '../cli.ts';
import {ApiError, isNotFound} from '../client/api-error.ts';
import {escapePath} from '../client/url.ts';
import {inspectFormat} from '../command/common-flags.ts';
import {DockerCommand, type Input} from '../command/docker-command.ts';
import {CliError} from '../command/errors.ts';
import {type FlagSpecs, flag} from '../command/flags.ts';
import {atLeast} from '../command/positional.ts';
import {inspect} from '../format/inspect.ts';

const flags = {
  format: inspectFormat,
  size: flag.bool('Display total file sizes if the type is container', {char: 's'}),
  type: flag.string('Only inspect objects of the given type'),
} satisfies FlagSpecs;

/** Where objects of each type are found, in the order in which a bare name is looked for. */
const paths: Record<string, (name: string) => string> = {
  container: name => `/containers/${name}/json`,
  image: name => `/images/${name}/json`,
  network: name => `/networks/${name}`,
  volume: name => `/volumes/${name}`,
  service: name => `/services/${name}`,
  task: name => `/tasks/${name}`,
  node: name => `/nodes/${name}`,
  plugin: name => `/plugins/${name}/json`,
  secret: name => `/secrets/${name}`,
  config: name => `/configs/${name}`,
};
const onlyInSwarm = new Set(['service', 'task', 'node', 'secret', 'config']);

export default class Inspect extends DockerCommand<typeof flags> {
  static override summary = 'Return low-level information on Docker objects';
  static override flags = flags;
  static override tail = '[OPTIONS] NAME|ID [NAME|ID...]';
  static override positional = atLeast(1);

  async execute({cli, args, flags: {format, size, type}, given}: Input<typeof flags>) {
    if (given.has('type') && !Object.hasOwn(paths, type)) {
      const types = Object.keys(paths).sort().map(name => JSON.stringify(name)); // biome-ignore format: one thought
      const shown = type === '' ? 'type is empty' : `unknown type: ${JSON.stringify(type)}`;
      throw new CliError(`${shown}: must be one of ${types.join(', ')}`);
    }
    const load = (kind: string, name: string) =>
      cli.client.getText(paths[kind]!(escapePath(name)), {query: {size: size && kind === 'container'}});
    await inspect(cli, args, format, name => (type ? load(type, name) : find(cli, name, load)));
  }
}

/** The first object of any type with this name. */
async function find(cli: Cli, name: string, load: (kind: string, name: string) => Promise<string>): Promise<string> {
  let isSwarm: boolean | undefined;
  for (const kind of Object.keys(paths)) {
    if (onlyInSwarm.has(kind)) {
      isSwarm ??= (await cli.client.get<SystemInfo>('/info')).Swarm?.ControlAvailable ?? false;
      if (!isSwarm) continue;
    }
    try {
      return await load(kind, name);
    } catch (error) {
      if (!isElsewhere(error, kind)) throw error;
    }
  }
  throw new CliError(`Error: No such object: ${name}`);
}

/** Not found, or a name that cannot be one of this type, or a type the engine does not have. */
function isElsewhere(error: unknown, kind: string): boolean {
  if (isNotFound(error)) return true;
  if (!(error instanceof ApiError)) return false;
  return error.status === 400 || error.status === 501 || (kind === 'plugin' && error.status >= 500);
}
