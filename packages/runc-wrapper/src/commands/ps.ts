import {EngineError} from '@longshore/errdefs';
import {type Command, containerIdText} from '../cli/command.ts';
import {formatFlag} from '../cli/common-flags.ts';
import {print} from '../cli/output.ts';

export const command: Command = {
  name: 'ps',
  summary: 'show the processes of a container',
  argumentsText: '<container-id> [ps options]',
  description: `${containerIdText}
The [ps options] are for ps(1) (default: -ef); its output must have a column PID.
`,
  flags: [formatFlag],
  arguments: {min: 1, max: Number.POSITIVE_INFINITY},
  stopAtPositional: true,
  async run({args, runtime}) {
    const [id = '', ...psOptions] = args.positional;
    const pids = await runtime().ps(id);
    const format = args.text('format');
    if (format === 'json') print(`${pids.length === 0 ? 'null' : JSON.stringify(pids)}\n`);
    else if (format === 'table') print(linesOf(pids, await runPs(psOptions.length > 0 ? psOptions : ['-ef'])));
    else throw new EngineError('invalid-argument', 'invalid format option');
    return 0;
  },
};

async function runPs(options: readonly string[]): Promise<string> {
  // Not among the imports: the bundler loads those of every command at every start.
  const {spawnSync} = await import('node:child_process');
  const {status, stdout, stderr, error} = spawnSync('ps', options, {encoding: 'utf8', maxBuffer: 64 * 1024 * 1024});
  if (error) throw new EngineError('internal', `cannot run ps: ${error.message}`, {cause: error});
  if (status !== 0) throw new EngineError('invalid-argument', `exit status ${status}: ${stderr}${stdout}`);
  return stdout;
}

/** The header, and the lines of these processes. */
export function linesOf(pids: readonly number[], output: string): string {
  const [header = '', ...lines] = output.replace(/\n$/, '').split('\n');
  const column = header.trim().split(/\s+/).indexOf('PID');
  if (column < 0) throw new EngineError('invalid-argument', "couldn't find PID field in ps output");
  const wanted = new Set(pids.map(String));
  const kept = lines.filter(line => wanted.has(line.trim().split(/\s+/)[column] ?? ''));
  return [header, ...kept].map(line => `${line}\n`).join('');
}
