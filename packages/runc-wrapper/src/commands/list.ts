import {EngineError} from '@longshore/errdefs';
import {type Command, none} from '../cli/command.ts';
import {formatFlag} from '../cli/common-flags.ts';
import {goJson} from '../cli/go-json.ts';
import {print} from '../cli/output.ts';
import {table} from '../cli/table.ts';
import type {ContainerState} from '../runtime-options.ts';

export const command: Command = {
  name: 'list',
  summary: 'list the containers under the root',
  argumentsText: '',
  description: 'The root is that of the global option --root (default: "/run/runc").\n',
  flags: [formatFlag, {names: ['quiet', 'q'], kind: 'boolean', help: 'ids only'}],
  arguments: none,
  async run({args, globals, runtime, logError}) {
    const states = await listRoot(globals.root, () =>
      runtime().list((id, error) => logError(`load container ${id}: ${(error as Error).message}`)),
    );
    if (args.boolean('quiet')) print(states.map(({id}) => `${id}\n`).join(''));
    else print(format(states, args.text('format')!));
    return 0;
  },
};

async function listRoot(root: string, list: () => Promise<ContainerState[]>): Promise<ContainerState[]> {
  try {
    return await list();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new EngineError('not-found', `open ${root}: no such file or directory`, {cause: error});
  }
}

function format(states: readonly ContainerState[], name: string): string {
  if (name === 'json') return `${states.length === 0 ? 'null' : goJson(states)}\n`;
  if (name !== 'table') throw new EngineError('invalid-argument', 'invalid format option');
  const rows = states.map(s => [s.id, String(s.pid), s.status, s.bundle, s.created, s.owner]);
  return table([['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER'], ...rows], 12, 3);
}
