import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {exactly} from '../../command/positional.ts';

const flags = {
  archive: flag.bool('Archive mode (copy all uid/gid information)', {char: 'a'}),
  'follow-link': flag.bool('Always follow symbol link in SRC_PATH', {char: 'L'}),
  quiet: flag.bool(
    'Suppress progress output during copy. Progress output is automatically suppressed if no terminal is attached',
    {char: 'q'},
  ),
} satisfies FlagSpecs;

export default class ContainerCp extends DockerCommand<typeof flags> {
  static override summary = 'Copy files/folders between a container and the local filesystem';
  static override description =
    "Copy files/folders between a container and the local filesystem\n\nUse '-' as the source to read a tar archive from stdin\n" +
    "and extract it to a directory destination in a container.\nUse '-' as the destination to stream a tar archive of a\n" +
    'container source to stdout.';
  static override flags = flags;
  static override tail = [
    '[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-',
    'docker cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH',
  ];
  static override positional = exactly(2);

  async execute({cli, args: [from = '', to = ''], flags: values}: Input<typeof flags>) {
    if (from === '') throw new CliError('source can not be empty');
    if (to === '') throw new CliError('destination can not be empty');
    const {copyFrom, copyTo} = await import('../../copy/copy.ts');
    const {parseCopySide} = await import('../../copy/paths.ts');
    const source = parseCopySide(from);
    const target = parseCopySide(to);
    const options = {followLink: values['follow-link'], keepOwner: values.archive, quiet: values.quiet};
    if (source.container !== undefined && target.container !== undefined) {
      throw new CliError('copying between containers is not supported');
    }
    if (source.container !== undefined) await copyFrom(cli, source.container, source.path, target.path, options);
    else if (target.container !== undefined) await copyTo(cli, source.path, target.container, target.path, options);
    else throw new CliError('must specify at least one container source');
  }
}
