/** Every command, where it is and what it is for. A module is loaded only when its command is called. */
import type {CommandEntry, CommandTable} from './command/dispatch.ts';

const containerCommands: CommandEntry[] = [
  {
    path: 'container attach',
    shortcut: 'attach',
    summary: 'Attach local standard input, output, and error streams to a running container',
    load: () => import('./commands/container/attach.ts'),
  },
  {
    path: 'container commit',
    shortcut: 'commit',
    summary: "Create a new image from a container's changes",
    load: () => import('./commands/container/commit.ts'),
  },
  {
    path: 'container cp',
    shortcut: 'cp',
    summary: 'Copy files/folders between a container and the local filesystem',
    load: () => import('./commands/container/cp.ts'),
  },
  {
    path: 'container create',
    shortcut: 'create',
    summary: 'Create a new container',
    load: () => import('./commands/container/create.ts'),
  },
  {
    path: 'container diff',
    shortcut: 'diff',
    summary: "Inspect changes to files or directories on a container's filesystem",
    load: () => import('./commands/container/diff.ts'),
  },
  {
    path: 'container exec',
    shortcut: 'exec',
    summary: 'Execute a command in a running container',
    load: () => import('./commands/container/exec.ts'),
  },
  {
    path: 'container export',
    shortcut: 'export',
    summary: "Export a container's filesystem as a tar archive",
    load: () => import('./commands/container/export.ts'),
  },
  {
    path: 'container inspect',
    summary: 'Display detailed information on one or more containers',
    load: () => import('./commands/container/inspect.ts'),
  },
  {
    path: 'container kill',
    shortcut: 'kill',
    summary: 'Kill one or more running containers',
    load: () => import('./commands/container/kill.ts'),
  },
  {
    path: 'container logs',
    shortcut: 'logs',
    summary: 'Fetch the logs of a container',
    load: () => import('./commands/container/logs.ts'),
  },
  {
    path: 'container ls',
    synonyms: ['list', 'ps'],
    shortcut: 'ps',
    summary: 'List containers',
    load: () => import('./commands/container/ls.ts'),
  },
  {
    path: 'container pause',
    shortcut: 'pause',
    summary: 'Pause all processes within one or more containers',
    load: () => import('./commands/container/pause.ts'),
  },
  {
    path: 'container port',
    shortcut: 'port',
    summary: 'List port mappings or a specific mapping for the container',
    load: () => import('./commands/container/port.ts'),
  },
  {
    path: 'container prune',
    summary: 'Remove all stopped containers',
    load: () => import('./commands/container/prune.ts'),
  },
  {
    path: 'container rename',
    shortcut: 'rename',
    summary: 'Rename a container',
    load: () => import('./commands/container/rename.ts'),
  },
  {
    path: 'container restart',
    shortcut: 'restart',
    summary: 'Restart one or more containers',
    load: () => import('./commands/container/restart.ts'),
  },
  {
    path: 'container rm',
    synonyms: ['remove'],
    shortcut: 'rm',
    summary: 'Remove one or more containers',
    load: () => import('./commands/container/rm.ts'),
  },
  {
    path: 'container run',
    shortcut: 'run',
    summary: 'Create and run a new container from an image',
    load: () => import('./commands/container/run.ts'),
  },
  {
    path: 'container start',
    shortcut: 'start',
    summary: 'Start one or more stopped containers',
    load: () => import('./commands/container/start.ts'),
  },
  {
    path: 'container stats',
    shortcut: 'stats',
    summary: 'Display a live stream of container(s) resource usage statistics',
    load: () => import('./commands/container/stats.ts'),
  },
  {
    path: 'container stop',
    shortcut: 'stop',
    summary: 'Stop one or more running containers',
    load: () => import('./commands/container/stop.ts'),
  },
  {
    path: 'container top',
    shortcut: 'top',
    summary: 'Display the running processes of a container',
    load: () => import('./commands/container/top.ts'),
  },
  {
    path: 'container unpause',
    shortcut: 'unpause',
    summary: 'Unpause all processes within one or more containers',
    load: () => import('./commands/container/unpause.ts'),
  },
  {
    path: 'container update',
    shortcut: 'update',
    summary: 'Update configuration of one or more containers',
    load: () => import('./commands/container/update.ts'),
  },
  {
    path: 'container wait',
    shortcut: 'wait',
    summary: 'Block until one or more containers stop, then print their exit codes',
    load: () => import('./commands/container/wait.ts'),
  },
];

const imageCommands: CommandEntry[] = [
  {
    path: 'image history',
    shortcut: 'history',
    summary: 'Show the history of an image',
    load: () => import('./commands/image/history.ts'),
  },
  {
    path: 'image import',
    shortcut: 'import',
    summary: 'Import the contents from a tarball to create a filesystem image',
    load: () => import('./commands/image/import.ts'),
  },
  {
    path: 'image inspect',
    summary: 'Display detailed information on one or more images',
    load: () => import('./commands/image/inspect.ts'),
  },
  {
    path: 'image load',
    shortcut: 'load',
    summary: 'Load an image from a tar archive or STDIN',
    load: () => import('./commands/image/load.ts'),
  },
  {
    path: 'image ls',
    synonyms: ['list'],
    shortcut: 'images',
    summary: 'List images',
    load: () => import('./commands/image/ls.ts'),
  },
  {path: 'image prune', summary: 'Remove unused images', load: () => import('./commands/image/prune.ts')},
  {
    path: 'image pull',
    shortcut: 'pull',
    summary: 'Download an image from a registry',
    load: () => import('./commands/image/pull.ts'),
  },
  {
    path: 'image push',
    shortcut: 'push',
    summary: 'Upload an image to a registry',
    load: () => import('./commands/image/push.ts'),
  },
  {
    path: 'image rm',
    synonyms: ['remove'],
    shortcut: 'rmi',
    summary: 'Remove one or more images',
    load: () => import('./commands/image/rm.ts'),
  },
  {
    path: 'image save',
    shortcut: 'save',
    summary: 'Save one or more images to a tar archive (streamed to STDOUT by default)',
    load: () => import('./commands/image/save.ts'),
  },
  {
    path: 'image tag',
    shortcut: 'tag',
    summary: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE',
    load: () => import('./commands/image/tag.ts'),
  },
];

const networkCommands: CommandEntry[] = [
  {
    path: 'network connect',
    summary: 'Connect a container to a network',
    load: () => import('./commands/network/connect.ts'),
  },
  {path: 'network create', summary: 'Create a network', load: () => import('./commands/network/create.ts')},
  {
    path: 'network disconnect',
    summary: 'Disconnect a container from a network',
    load: () => import('./commands/network/disconnect.ts'),
  },
  {
    path: 'network inspect',
    summary: 'Display detailed information on one or more networks',
    load: () => import('./commands/network/inspect.ts'),
  },
  {path: 'network ls', synonyms: ['list'], summary: 'List networks', load: () => import('./commands/network/ls.ts')},
  {path: 'network prune', summary: 'Remove all unused networks', load: () => import('./commands/network/prune.ts')},
  {
    path: 'network rm',
    synonyms: ['remove'],
    summary: 'Remove one or more networks',
    load: () => import('./commands/network/rm.ts'),
  },
];

const volumeCommands: CommandEntry[] = [
  {path: 'volume create', summary: 'Create a volume', load: () => import('./commands/volume/create.ts')},
  {
    path: 'volume inspect',
    summary: 'Display detailed information on one or more volumes',
    load: () => import('./commands/volume/inspect.ts'),
  },
  {path: 'volume ls', synonyms: ['list'], summary: 'List volumes', load: () => import('./commands/volume/ls.ts')},
  {path: 'volume prune', summary: 'Remove unused local volumes', load: () => import('./commands/volume/prune.ts')},
  {
    path: 'volume rm',
    synonyms: ['remove'],
    summary: 'Remove one or more volumes',
    load: () => import('./commands/volume/rm.ts'),
  },
];

const systemCommands: CommandEntry[] = [
  {path: 'system df', summary: 'Show docker disk usage', load: () => import('./commands/system/df.ts')},
  {
    path: 'system dial-stdio',
    summary: 'Proxy the stdio stream to the daemon connection. Should not be invoked manually',
    hidden: true,
    load: () => import('./commands/system/dial-stdio.ts'),
  },
  {
    path: 'system events',
    shortcut: 'events',
    summary: 'Get real time events from the server',
    load: () => import('./commands/system/events.ts'),
  },
  {
    path: 'system info',
    shortcut: 'info',
    summary: 'Display system-wide information',
    load: () => import('./commands/system/info.ts'),
  },
  {path: 'system prune', summary: 'Remove unused data', load: () => import('./commands/system/prune.ts')},
];

const contextCommands: CommandEntry[] = [
  {path: 'context create', summary: 'Create a context', load: () => import('./commands/context/create.ts')},
  {
    path: 'context inspect',
    summary: 'Display detailed information on one or more contexts',
    load: () => import('./commands/context/inspect.ts'),
  },
  {path: 'context ls', synonyms: ['list'], summary: 'List contexts', load: () => import('./commands/context/ls.ts')},
  {
    path: 'context rm',
    synonyms: ['remove'],
    summary: 'Remove one or more contexts',
    load: () => import('./commands/context/rm.ts'),
  },
  {
    path: 'context show',
    summary: 'Print the name of the current context',
    load: () => import('./commands/context/show.ts'),
  },
  {path: 'context update', summary: 'Update a context', load: () => import('./commands/context/update.ts')},
  {path: 'context use', summary: 'Set the current docker context', load: () => import('./commands/context/use.ts')},
];

const plainCommands: CommandEntry[] = [
  {
    path: 'inspect',
    summary: 'Return low-level information on Docker objects',
    load: () => import('./commands/inspect.ts'),
  },
  {path: 'login', summary: 'Authenticate to a registry', load: () => import('./commands/login.ts')},
  {path: 'logout', summary: 'Log out from a registry', load: () => import('./commands/logout.ts')},
  {path: 'search', summary: 'Search Docker Hub for images', load: () => import('./commands/search.ts')},
  {path: 'version', summary: 'Show the Docker version information', load: () => import('./commands/version.ts')},
];

const completionCommands: CommandEntry[] = ['bash', 'fish', 'zsh'].map(shell => ({
  path: `completion ${shell}`,
  summary: `Generate the autocompletion script for ${shell}`,
  hidden: false,
  load: () => import('./commands/completion/shell.ts'),
}));

const noSwarm = 'this engine has no swarm mode';

export const commandTable: CommandTable = {
  groups: [
    {name: 'container', summary: 'Manage containers'},
    {name: 'context', summary: 'Manage contexts'},
    {name: 'image', summary: 'Manage images'},
    {name: 'network', summary: 'Manage networks'},
    {name: 'system', summary: 'Manage Docker'},
    {name: 'volume', summary: 'Manage volumes', errorTail: ' COMMAND'},
    {
      name: 'completion',
      summary: 'Generate the autocompletion script for the specified shell',
      description:
        "Generate the autocompletion script for docker for the specified shell.\nSee each sub-command's help for details on how to use the generated script.\n",
      hidden: true,
    },
  ],
  commands: [
    ...containerCommands,
    ...imageCommands,
    ...networkCommands,
    ...volumeCommands,
    ...systemCommands,
    ...contextCommands,
    ...plainCommands,
    ...completionCommands,
  ],
  common: ['run', 'exec', 'ps', 'pull', 'push', 'images', 'login', 'logout', 'search', 'version', 'info'],
  refused: {
    build: 'this engine has no builder yet; build with another tool and use "docker load"',
    builder: 'this engine has no builder yet',
    checkpoint: 'checkpoints of running containers are not offered',
    config: noSwarm,
    manifest: 'manifest lists are not offered; use "docker image inspect"',
    node: noSwarm,
    plugin: 'engine plugins are not offered',
    secret: noSwarm,
    service: noSwarm,
    stack: noSwarm,
    swarm: noSwarm,
    trust: 'content trust is not offered',
  },
};
