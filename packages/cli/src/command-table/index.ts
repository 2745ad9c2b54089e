/** Every command, where it is and what it is for. A module is loaded only when its command is called. */
import type {CommandTable} from '../command/dispatch.ts';
import {containerCommands} from './containers.ts';
import {imageCommands} from './images.ts';
import {networkCommands, volumeCommands} from './networks-and-volumes.ts';
import {completionCommands, contextCommands, plainCommands, systemCommands} from './system.ts';

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
