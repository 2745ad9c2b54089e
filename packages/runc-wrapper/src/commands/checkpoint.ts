import {type Command, containerIdText, exactlyOne} from '../cli/command.ts';
import {criuFlags} from '../cli/common-flags.ts';
import {passToRuntime} from '../cli/pass-through.ts';

export const command: Command = {
  name: 'checkpoint',
  summary: 'save the state of a running container to disk (needs CRIU)',
  argumentsText: '<container-id>',
  description: `${containerIdText}\n`,
  flags: [
    ...criuFlags,
    {names: ['parent-path'], kind: 'string', help: 'image files of an earlier --pre-dump'},
    {names: ['leave-running'], kind: 'boolean', help: 'let the container run on'},
    {names: ['tcp-skip-in-flight'], kind: 'boolean', help: 'skip TCP connections that are being made'},
    {names: ['link-remap'], kind: 'boolean', help: 'link unlinked files back when possible'},
    {names: ['status-fd'], kind: 'integer', help: 'descriptor that gets a NUL byte when lazy pages can be served'},
    {names: ['page-server'], kind: 'string', help: 'ADDRESS:PORT of the page server'},
    {names: ['pre-dump'], kind: 'boolean', help: 'save the memory only, and let the container run on'},
  ],
  arguments: exactlyOne,
  run: context => passToRuntime(context, 'checkpoint'),
};
