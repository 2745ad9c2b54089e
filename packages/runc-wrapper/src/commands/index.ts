/** The commands by name. Each is loaded when it is wanted: most runs need one, and start-up time counts. */
import type {Command} from '../cli/command.ts';

type Load = () => Promise<{command: Command}>;

const loaders: Record<string, Load> = {
  checkpoint: () => import('./checkpoint.ts'),
  create: () => import('./create.ts'),
  delete: () => import('./delete.ts'),
  events: () => import('./events.ts'),
  exec: () => import('./exec.ts'),
  kill: () => import('./kill.ts'),
  list: () => import('./list.ts'),
  pause: () => import('./pause.ts'),
  ps: () => import('./ps.ts'),
  restore: () => import('./restore.ts'),
  resume: () => import('./resume.ts'),
  run: () => import('./run.ts'),
  spec: () => import('./spec.ts'),
  start: () => import('./start.ts'),
  state: () => import('./state.ts'),
  update: () => import('./update.ts'),
  features: () => import('./features.ts'),
};

export async function findCommand(name: string): Promise<Command | undefined> {
  return Object.hasOwn(loaders, name) ? (await loaders[name]!()).command : undefined;
}

export async function allCommands(): Promise<Command[]> {
  return (await Promise.all(Object.values(loaders).map(load => load()))).map(({command}) => command);
}
