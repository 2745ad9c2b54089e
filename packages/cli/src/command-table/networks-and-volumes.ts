/** Commands of `docker network` and `docker volume`. */
import type {CommandEntry} from '../command/dispatch.ts';

export const networkCommands: CommandEntry[] = [
  {
    path: 'network connect',
    summary: 'Connect a container to a network',
    load: () => import('../commands/network/connect.ts'),
  },
  {path: 'network create', summary: 'Create a network', load: () => import('../commands/network/create.ts')},
  {
    path: 'network disconnect',
    summary: 'Disconnect a container from a network',
    load: () => import('../commands/network/disconnect.ts'),
  },
  {
    path: 'network inspect',
    summary: 'Display detailed information on one or more networks',
    load: () => import('../commands/network/inspect.ts'),
  },
  {path: 'network ls', synonyms: ['list'], summary: 'List networks', load: () => import('../commands/network/ls.ts')},
  {path: 'network prune', summary: 'Remove all unused networks', load: () => import('../commands/network/prune.ts')},
  {
    path: 'network rm',
    synonyms: ['remove'],
    summary: 'Remove one or more networks',
    load: () => import('../commands/network/rm.ts'),
  },
];

export const volumeCommands: CommandEntry[] = [
  {path: 'volume create', summary: 'Create a volume', load: () => import('../commands/volume/create.ts')},
  {
    path: 'volume inspect',
    summary: 'Display detailed information on one or more volumes',
    load: () => import('../commands/volume/inspect.ts'),
  },
  {path: 'volume ls', synonyms: ['list'], summary: 'List volumes', load: () => import('../commands/volume/ls.ts')},
  {path: 'volume prune', summary: 'Remove unused local volumes', load: () => import('../commands/volume/prune.ts')},
  {
    path: 'volume rm',
    synonyms: ['remove'],
    summary: 'Remove one or more volumes',
    load: () => import('../commands/volume/rm.ts'),
  },
];
