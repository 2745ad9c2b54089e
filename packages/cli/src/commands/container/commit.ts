import type {IdResponse} from '@longshore/api/engine';
import {splitTarget} from '../../client/reference.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {between} from '../../command/positional.ts';

const flags = {
  author: flag.string('Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")', {char: 'a'}),
  change: flag.list('Apply Dockerfile instruction to the created image', {char: 'c'}),
  message: flag.string('Commit message', {char: 'm'}),
  pause: flag.bool('Pause container during commit', {char: 'p', initial: true}),
} satisfies FlagSpecs;

export default class ContainerCommit extends DockerCommand<typeof flags> {
  static override summary = "Create a new image from a container's changes";
  static override flags = flags;
  static override tail = '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]';
  static override positional = between(1, 2);

  async execute({cli, args: [container, target], flags: {author, change, message, pause}}: Input<typeof flags>) {
    const names = target === undefined ? {repo: '', tag: ''} : splitTarget(target);
    const changes = change.length > 0 ? change : undefined;
    const query = {author, comment: message, container, changes, ...names, pause: pause ? undefined : '0'};
    const {Id} = await cli.client.post<IdResponse>('/commit', {query});
    cli.print(Id);
  }
}
