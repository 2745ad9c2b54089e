import {pullImage} from '../../client/pull.ts';
import {familiarName, formatReference, parseReference, repositoryName, withDefaultTag} from '../../client/reference.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag, since} from '../../command/flags.ts';
import {exactly} from '../../command/positional.ts';
import {refuseContentTrust} from '../content-trust.ts';

const flags = {
  'all-tags': flag.bool('Download all tagged images in the repository', {char: 'a'}),
  'disable-content-trust': flag.bool('Skip image verification', {initial: true}),
  platform: since('1.32', flag.string('Set platform if server is multi-platform capable')),
  quiet: flag.bool('Suppress verbose output', {char: 'q'}),
} satisfies FlagSpecs;

export default class ImagePull extends DockerCommand<typeof flags> {
  static override summary = 'Download an image from a registry';
  static override flags = flags;
  static override tail = '[OPTIONS] NAME[:TAG|@DIGEST]';
  static override positional = exactly(1);

  async execute({cli, args: [name = ''], flags: values}: Input<typeof flags>) {
    refuseContentTrust(values['disable-content-trust']);
    const given = parseReference(name);
    const isNameOnly = given.tag === undefined && given.digest === undefined;
    if (values['all-tags'] && !isNameOnly) throw new CliError("tag can't be used with --all-tags/-a");
    const reference = values['all-tags'] ? given : withDefaultTag(given);
    if (isNameOnly && !values['all-tags'] && !values.quiet) cli.print(`Using default tag: ${reference.tag}`);
    const platform = values.platform || process.env.DOCKER_DEFAULT_PLATFORM || '';
    await pullImage(cli, reference, {platform, ...(!values.quiet && {out: cli.stdout})}).catch(error => {
      throw explain(error as Error, familiarName(reference));
    });
    cli.print(values['all-tags'] ? repositoryName(reference) : formatReference(reference));
  }
}

/** What a registry answers for a plugin's image is of no help to who meant an image. */
function explain(error: Error, name: string): Error {
  if (!error.message.includes("when fetching 'plugin'")) return error;
  return new CliError(`${error.message} - Use \`docker plugin install\`: ${name} is a plugin`);
}
