/** GET /containers/{id}/top: what ps on the host says about the container's processes. */
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {Container} from './container.ts';
import {hasProcess} from './state.ts';
import {publishContainerEvent, type World} from './world.ts';

export interface TopResult {
  titles: string[];
  processes: string[][];
}

/** Throws `conflict` when it does not run, and what ps complains about. */
export async function topProcesses(
  world: World,
  ctx: CallContext,
  container: Container,
  args: string,
): Promise<TopResult> {
  if (!hasProcess(container.state)) {
    throw new EngineError('conflict', `container ${container.id} is not running`);
  }
  const words = (args || '-ef').split(/\s+/).filter(Boolean);
  const pids = await world.runtime.pids(ctx, container.id);
  const result = parseProcessList(await world.files.listProcesses(words), new Set(pids));
  publishContainerEvent(world, container, 'top');
  return result;
}

/** The lines of those processes; the last column takes the rest of the line. Throws without a PID column. */
export function parseProcessList(output: string, pids: ReadonlySet<number>): TopResult {
  const [header = '', ...lines] = output.split('\n');
  const titles = header.trim().split(/\s+/);
  const pidColumn = titles.indexOf('PID');
  if (pidColumn < 0) throw new EngineError('unknown', `Couldn't find PID field in ps output`);
  const rows = lines.filter(line => line.trim() !== '').map(line => splitColumns(line, titles.length));
  return {titles, processes: rows.filter(row => pids.has(Number(row[pidColumn])))};
}

function splitColumns(line: string, count: number): string[] {
  const words = line.trim().split(/\s+/);
  return [...words.slice(0, count - 1), words.slice(count - 1).join(' ')];
}
