/** Commands about the engine and this client. */
import type {CommandEntry} from '../command/dispatch.ts';

export const systemCommands: CommandEntry[] = [
  {path: 'system df', summary: 'Show docker disk usage', load: () => import('../commands/system/df.ts')},
  {
    path: 'system dial-stdio',
    summary: 'Proxy the stdio stream to the daemon connection. Should not be invoked manually.',
    hidden: true,
    load: () => import('../commands/system/dial-stdio.ts'),
  },
  {
    path: 'system events',
    shortcut: 'events',
    summary: 'Get real time events from the server',
    load: () => import('../commands/system/events.ts'),
  },
  {
    path: 'system info',
    shortcut: 'info',
    summary: 'Display system-wide information',
    load: () => import('../commands/system/info.ts'),
  },
  {
    path: 'system jobs',
    summary: 'List the jobs that the engine is running',
    hidden: true, // not one of Docker's
    load: () => import('../commands/system/jobs.ts'),
  },
  {path: 'system prune', summary: 'Remove unused data', load: () => import('../commands/system/prune.ts')},
];

export const contextCommands: CommandEntry[] = [
  {path: 'context create', summary: 'Create a context', load: () => import('../commands/context/create.ts')},
  {
    path: 'context inspect',
    summary: 'Display detailed information on one or more contexts',
    load: () => import('../commands/context/inspect.ts'),
  },
  {path: 'context ls', synonyms: ['list'], summary: 'List contexts', load: () => import('../commands/context/ls.ts')},
  {
    path: 'context rm',
    synonyms: ['remove'],
    summary: 'Remove one or more contexts',
    load: () => import('../commands/context/rm.ts'),
  },
  {
    path: 'context show',
    summary: 'Print the name of the current context',
    load: () => import('../commands/context/show.ts'),
  },
  {path: 'context update', summary: 'Update a context', load: () => import('../commands/context/update.ts')},
  {path: 'context use', summary: 'Set the current docker context', load: () => import('../commands/context/use.ts')},
];

export const plainCommands: CommandEntry[] = [
  {
    path: 'inspect',
    summary: 'Return low-level information on Docker objects',
    load: () => import('../commands/inspect.ts'),
  },
  {path: 'login', summary: 'Authenticate to a registry', load: () => import('../commands/login.ts')},
  {path: 'logout', summary: 'Log out from a registry', load: () => import('../commands/logout.ts')},
  {path: 'search', summary: 'Search Docker Hub for images', load: () => import('../commands/search.ts')},
  {
    path: 'trace',
    summary: 'Run a command and show where its time went',
    hidden: true, // not one of Docker's
    load: () => import('../commands/trace.ts'),
  },
  {path: 'version', summary: 'Show the Docker version information', load: () => import('../commands/version.ts')},
];

export const completionCommands: CommandEntry[] = ['bash', 'fish', 'zsh'].map(shell => ({
  path: `completion ${shell}`,
  summary: `Generate the autocompletion script for ${shell}`,
  hidden: false,
  load: () => import('../commands/completion/shell.ts'),
}));
