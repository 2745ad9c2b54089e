import {isNotFound} from '../../client/api-error.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';
import {eachSettled} from '../each.ts';

const flags = {
  force: flag.bool('Force the removal of a running container (uses SIGKILL)', {char: 'f'}),
  link: flag.bool('Remove the specified link', {char: 'l'}),
  volumes: flag.bool('Remove anonymous volumes associated with the container', {char: 'v'}),
} satisfies FlagSpecs;

export default class ContainerRm extends DockerCommand<typeof flags> {
  static override summary = 'Remove one or more containers';
  static override flags = flags;
  static override tail = '[OPTIONS] CONTAINER [CONTAINER...]';
  static override positional = atLeast(1);

  async execute({cli, args, flags: {force, link, volumes}}: Input<typeof flags>) {
    const query = {force, link, v: volumes};
    // A name with its leading slash, as inspection shows it, is the name too.
    const remove = (name: string) => cli.client.delete(`/containers/${name.replace(/^\/+/, '')}`, {query});
    const failures = await eachSettled(args, remove, {done: (_, name) => cli.print(name)});
    for (const {error} of failures) cli.warn(error.message);
    return failures.some(({error}) => !(force && isNotFound(error))) ? 1 : 0;
  }
}
